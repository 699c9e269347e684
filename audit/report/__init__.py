"""The PDF of a project. Start reading at document.py; the other modules are its parts."""
