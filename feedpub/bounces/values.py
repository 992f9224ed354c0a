"""Look into JSON that anybody may have written."""


def get_text(value: object, *path: str) -> str:
    """Give the text, or the number, under these keys; "" where there is none."""
    found = _get(value, path)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def get_list(value: object, *path: str) -> list[object]:
    """Give the list under these keys; an empty one where there is none."""
    found = _get(value, path)
    return found if isinstance(found, list) else []


def _get(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
