"""The ways out of scheduling: to its own calendar, whose days are other documents, and to specialists' offices.

What is decided is decided on either side; here it is carried.
"""

from services.scheduling.gateways.calendar import Openings, Questions, Reservations, visit_id
from services.scheduling.gateways.offices import Appointments, OfficeRequests, Offices

__all__ = ["Appointments", "OfficeRequests", "Offices", "Openings", "Questions", "Reservations", "visit_id"]
