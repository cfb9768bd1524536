"""The /ops page."""

from fastapi import APIRouter

router = APIRouter()
