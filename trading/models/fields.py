"""A decimal that is stored as text, so that every database returns exactly the figure that was written."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import FloatField, Q
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThan


class ExactDecimalField(models.CharField):
    """Decimal in Python, canonical text in the database. SQLite would otherwise keep decimals as binary floats."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise ValidationError(f"{self.name}: a binary float is not an exact decimal")
        try:
            return Decimal(str(value))
        except InvalidOperation as error:
            raise ValidationError(f"{self.name}: {value!r} is not a decimal") from error

    def get_prep_value(self, value: Any) -> str | None:
        number = self.to_python(value)
        return None if number is None else format(number, "f")

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""


def is_positive(field: str) -> Q:
    """Return the database condition `field > 0`; the sign survives the cast to a float, the value is not used."""
    return Q(GreaterThan(Cast(field, FloatField()), 0.0))
