"""Run the Python blocks of a document, in order, as one program: run_document.py FILE.

What `print(..)  # = text` prints must be the text.
"""

import contextlib
import io
import pathlib
import re
import sys


def blocks(path):
    """The Python blocks of a Markdown file."""
    text = pathlib.Path(path).read_text()
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def run(path):
    """Run them, and return how many there were."""
    names = {"__name__": "document"}
    found = blocks(path)
    for block in found:
        expected = re.findall(r"^print\(.*\)  # = (.*)$", block, flags=re.MULTILINE)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(block, str(path), "exec"), names)
        if expected:
            assert said.getvalue().splitlines() == expected, (block, said.getvalue())
    return len(found)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        print(file, run(file), "blocks")
