// Whether the server wants a key of us: it said so to some request.
class Access {
  wanted = $state(false);
}

export const access = new Access();
