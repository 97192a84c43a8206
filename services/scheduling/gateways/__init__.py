"""Outbound calls of scheduling: to its own calendar days and to specialists' offices. Nothing is decided here."""

from services.scheduling.gateways.calendar import Openings, Questions, Reservations, visit_id
from services.scheduling.gateways.offices import Appointments, OfficeRequests, Offices

__all__ = ["Appointments", "OfficeRequests", "Offices", "Openings", "Questions", "Reservations", "visit_id"]
