"""Cases: a complaint or request with clocks, and how a complaint is told from an ordinary question."""

from __future__ import annotations

from bot.domain.cases.complaints import Complaint, complaint_score
from bot.domain.cases.entities import Case, CaseStep, CauseOwner

__all__ = ["Case", "CaseStep", "CauseOwner", "Complaint", "complaint_score"]
