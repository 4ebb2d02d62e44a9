"""Where kinds differ in ways that data cannot say: bodies, and who may see or cancel what."""

from bot.sandbox.graph_types import FORBIDDEN, Caller, Cancel, Entity, Item, Problem

JUSTIFICATION_UNITS = 1024
APPROVAL_SOURCES = frozenset({"unknown", "adminConsole", "email"})
ENTITLEMENT_ADMIN = "EntitlementManagement.ReadWrite.All"


def justification_body(body: Entity | None, _item_id: str) -> str | None:
    """operationApprovalRequest: both parameters; the length in UTF-16 units, as .NET services count."""
    if body is None or set(body) != {"justification", "approvalSource"}:
        return "the body must hold exactly justification and approvalSource"
    justification = body["justification"]
    if not isinstance(justification, str) or len(justification.encode("utf-16-le")) // 2 > JUSTIFICATION_UNITS:
        return f"justification must be a string of at most {JUSTIFICATION_UNITS} UTF-16 units"
    if body["approvalSource"] not in APPROVAL_SOURCES:
        return f"approvalSource must be one of {', '.join(sorted(APPROVAL_SOURCES))}"
    return None


def own_request_body(body: Entity | None, item_id: str) -> str | None:
    """accessPackageAssignmentRequest at beta: none (an administrator), or the id and the wanted status."""
    if body is None:
        return None
    if set(body) != {"id", "requestStatus"} or str(body["id"]).casefold() != item_id.casefold():
        return "the body must hold exactly the id of the path and requestStatus"
    return None if body["requestStatus"] == "cancelled" else "requestStatus must be 'cancelled'"


def id_body(body: Entity | None, _item_id: str) -> str | None:
    """operationApprovalRequest: cancelMyRequest names the request in its body."""
    whole = body is not None and set(body) == {"id"} and isinstance(body["id"], str)
    return None if whole else "the body must hold exactly the id"


def owner_or_approver_reads(caller: Caller, item: Item) -> bool:
    """approvalItem: seen by its owner and its approvers."""
    approvers = {one["user"]["id"] for one in item.entity["approvers"]}
    return caller.oid in approvers | {item.owner}


def owner_cancels(cancel: Cancel) -> Problem | None:
    """approvalItem: the owner alone, and only while the item allows it."""
    if cancel.caller.oid != cancel.item.owner:
        return FORBIDDEN
    return None if cancel.item.entity["allowCancel"] else Problem(400, "BadRequest", "The item cannot be cancelled.")


def requestor_or_admin_cancels(cancel: Cancel) -> Problem | None:
    """accessPackageAssignmentRequest: the small permission needs an own request and the documented body."""
    own = cancel.caller.oid == cancel.item.owner
    if ENTITLEMENT_ADMIN in cancel.caller.permissions:
        return None if own or cancel.caller.oid in cancel.admins else FORBIDDEN
    return None if own and cancel.body is not None else FORBIDDEN


def subject_cancels(cancel: Cancel) -> Problem | None:
    """privilegedRoleAssignmentRequest: the person whom it is for."""
    if cancel.caller.oid == cancel.item.owner:
        return None
    return Problem(403, "UnAuthorized", "Requester not allowed to make Cancel call or request not found.")


def requestor_withdraws(cancel: Cancel) -> Problem | None:
    """operationApprovalRequest: nobody but the person who asked, not even the application."""
    return None if cancel.caller.oid == cancel.item.owner else FORBIDDEN


def creator_or_admin_cancels(cancel: Cancel) -> Problem | None:
    """Requests of PIM's third iteration: whoever made it, an administrator, or an application that may."""
    caller = cancel.caller
    return None if caller.app_only or caller.oid in {cancel.item.owner, *cancel.admins} else FORBIDDEN


def principal_lists(caller: Caller, item: Item) -> bool:
    """Requests of PIM's third iteration: filterByCurrentUser(on='principal') shows what is for the caller."""
    return bool(item.entity["principalId"] == caller.oid)
