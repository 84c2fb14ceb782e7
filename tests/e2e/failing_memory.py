"""Memory that fails when a test says so, in the processes of `docmind engine` (tests/faults/failing_memory.c)."""
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "faults" / "failing_memory.c"
EVERY_TIME = 1 << 62


def build(folder):
    """The library to preload."""
    library = pathlib.Path(folder) / "failing_memory.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
    return library


class FailingMemory:
    FORM = "<5Q"  # struct Orders

    def __init__(self, library, folder):
        self.library = library
        self.path = pathlib.Path(folder) / "failing_memory.orders"
        self.works()

    def of_children(self, argument):
        """The environment of a docmind whose engines with this among their arguments obey."""
        return {"LD_PRELOAD": str(self.library), "FAILING_MEMORY_CHILD": str(self.path), "FAILING_MEMORY_FOR": argument}

    def of_process(self):
        """The environment of an engine that is started by hand."""
        return {"LD_PRELOAD": str(self.library), "FAILING_MEMORY": str(self.path)}

    def _write(self, *numbers):
        # In place: processes have it mapped.
        with open(self.path, "r+b" if self.path.exists() else "wb") as out:
            out.write(struct.pack(self.FORM, *numbers))

    def works(self):
        self._write(0, 0, 0, 0, 0)

    def counts(self, least):
        """Nothing fails, but allocations of so many bytes are counted from now on."""
        self._write(least, 0, 0, 0, 0)

    def fails(self, least, after=0, times=1):
        """Of the allocations of at least so many bytes from now on, these many fail, those after the first `after`."""
        self._write(least, after, times, 0, 0)

    def _numbers(self):
        return struct.unpack(self.FORM, self.path.read_bytes())

    @property
    def seen(self):
        return self._numbers()[3]

    @property
    def failed(self):
        return self._numbers()[4]
