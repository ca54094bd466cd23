"""The server's refusals, in OpenAI's words."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal that becomes ``{"error": {"message", "type", "param", "code"}}`` with the given HTTP status."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def missing(param: str) -> ApiError:
    """A required parameter is not there."""
    return ApiError(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> ApiError:
    """A parameter has another JSON type than it should."""
    names: dict[type, str] = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
    }
    got = names.get(type(value), "null")
    message = f"Invalid type for '{param}': expected {expected}, but got {got} instead."
    return ApiError(400, message, param=param, code="invalid_type")


def wrong_choice(param: str, value: object, choices: list[str]) -> ApiError:
    """A parameter is none of the values it may have."""
    quoted = [f"'{choice}'" for choice in choices]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
    message = f"Invalid value: '{value}'. Supported values are: {listed}."
    return ApiError(400, message, param=param, code="invalid_value")


def below(param: str, least: int, value: int) -> ApiError:
    """An integer is too small."""
    message = f"Invalid '{param}': integer below minimum value. Expected a value >= {least}, but got {value} instead."
    return ApiError(400, message, param=param, code="integer_below_min_value")


def above(param: str, most: int, value: int) -> ApiError:
    """An integer is too large."""
    message = f"Invalid '{param}': integer above maximum value. Expected a value <= {most}, but got {value} instead."
    return ApiError(400, message, param=param, code="integer_above_max_value")


def no_batch(batch_id: str) -> ApiError:
    """There is no such batch."""
    return ApiError(404, f"No batch found with id '{batch_id}'.")


def no_file(file_id: str) -> ApiError:
    """There is no such file, or no longer."""
    return ApiError(404, f"No such File object: {file_id}", param="id")


def no_upload(upload_id: str) -> ApiError:
    """There is no such upload."""
    return ApiError(404, f"No such Upload object: {upload_id}", param="upload_id")


def no_input(file_id: str) -> str:
    """What is said of a batch whose input file is not there."""
    return f"Cannot find file {file_id}, or project proj_demo does not have access to it."
