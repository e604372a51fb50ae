package cloud

import "strconv"

// common writes the mandatory fields of the common schema
// (office-365-management-activity-api-schema, "Common schema").
func (m *maker) common(e event, operation string, recordType int64, workload string) {
	m.open('{')
	zone := ""
	if m.one(2000) {
		zone = "Z"
	}
	m.time("CreationTime", e.created, zone)
	m.key("Id")
	m.b = append(m.b, '"')
	m.b = appendGUID(m.b, e.hi, e.lo)
	m.b = append(m.b, '"')
	m.str("Operation", operation)
	m.str("OrganizationId", e.tenant)
	m.mixed("RecordType", recordType)
	if !m.one(16) {
		m.str("ResultStatus", pick(m, []string{"Succeeded", "Success", "True", "PartiallySucceeded", "Failed"}))
	}
	m.str("UserKey", e.user.puid, "@contoso.onmicrosoft.com")
	m.mixed("UserType", pick(m, []int64{0, 0, 0, 0, 2, 3, 4, 5, 10}))
	m.mixed("Version", 1)
	m.str("Workload", workload)
	if e.user.ip != "absent" && !m.one(3) {
		m.raw("ClientIP", e.user.ip)
	}
	m.str("UserId", e.user.upn)
}

// mixed writes a number that is a string in one record of a thousand.
func (m *maker) mixed(k string, n int64) {
	if m.one(1000) {
		m.str(k, strconv.FormatInt(n, 10))
		return
	}
	m.num(k, n)
}

// entra writes a record of Microsoft Entra ID: a sign-in or a change.
func (m *maker) entra(e event) {
	switch n := m.IntN(20); {
	case n < 12:
		m.signIn(e)
	case n < 19:
		m.directoryChange(e)
	default:
		m.oldSignIn(e)
	}
}

func (m *maker) signIn(e event) {
	failed := m.one(8)
	operation := "UserLoggedIn"
	if failed {
		operation = "UserLoginFailed"
	}
	m.common(e, operation, 15, "AzureActiveDirectory")
	m.str("ObjectId", "00000002-0000-0000-c000-000000000000")
	m.num("AzureActiveDirectoryEventType", 1)
	m.arr("ExtendedProperties")
	m.pair("ResultStatusDetail", pick(m, []string{"Success", "Redirect", "UserError"}))
	m.pair("UserAgent", e.user.agent)
	if m.one(3) {
		m.pair("UserAuthenticationMethod", "1")
	}
	m.pair("RequestType", pick(m, []string{"OAuth2:Authorize", "Login:login", "Login:reprocess", "OAuth2:Token"}))
	m.end(']')
	m.arr("ModifiedProperties")
	m.end(']')
	m.arr("Actor")
	m.typed(e.user.id, 0)
	m.typed(e.user.upn, 5)
	m.end(']')
	m.guid("ActorContextId")
	if e.user.ip != "absent" {
		m.raw("ActorIpAddress", e.user.ip)
	}
	m.guid("InterSystemsId")
	m.guid("IntraSystemId")
	m.str("SupportTicketId", "")
	m.arr("Target")
	m.typed("00000002-0000-0000-c000-000000000000", 0)
	m.end(']')
	m.guid("TargetContextId")
	m.guid("ApplicationId")
	m.arr("DeviceProperties")
	if m.one(2) {
		m.pair("OS", pick(m, []string{"Windows10", "MacOs", "Ios 17", "Linux"}))
		m.pair("BrowserType", pick(m, []string{"Edge", "Chrome", "Safari"}))
		m.pair("IsCompliantAndManaged", pick(m, []string{"True", "False"}))
		m.pair("SessionId", e.user.id)
	}
	m.end(']')
	m.str("ErrorNumber", pick(m, []string{"0", "50126", "50140"}))
	if failed {
		m.str("LogonError", pick(m, []string{"InvalidUserNameOrPassword", "UserAccountNotFound", "BlockedByConditionalAccess"}))
	}
	m.end('}')
}

// typed writes an element of Actor or Target.
func (m *maker) typed(id string, typ int64) {
	m.open('{')
	m.str("ID", id)
	m.num("Type", typ)
	m.end('}')
}

func (m *maker) directoryChange(e event) {
	target := pick(m, users)
	m.common(e, pick(m, []string{"Update user.", "Add member to group.", "Add app role assignment grant to user.", "Update service principal.", "Update application – Certificates and secrets management "}), 8, "AzureActiveDirectory")
	m.str("ObjectId", target.upn)
	m.num("AzureActiveDirectoryEventType", 1)
	m.arr("ExtendedProperties")
	m.pair("additionalDetails", `{\"UserType\":\"Member\",\"User-Agent\":\"EvoSTS\",\"UserType\":\"Member\"}`)
	m.pair("extendedAuditEventCategory", "User")
	m.end(']')
	m.arr("ModifiedProperties")
	for range 1 + m.IntN(4) {
		m.change(pick(m, []string{"StrongAuthenticationMethod", "AccountEnabled", "DisplayName", "AssignedLicense", "Department"}))
	}
	m.change("Included Updated Properties")
	m.change("TargetId.UserType")
	m.end(']')
	m.arr("Actor")
	m.typed("Azure MFA StrongAuthenticationService", 1)
	m.typed(e.user.id, 2)
	m.typed(e.user.upn, 5)
	m.typed(e.user.puid, 3)
	m.end(']')
	m.guid("ActorContextId")
	m.guid("InterSystemsId")
	m.guid("IntraSystemId")
	m.str("SupportTicketId", "")
	m.arr("Target")
	m.typed("User_"+target.id, 2)
	m.typed(target.id, 2)
	m.typed("User", 2)
	m.typed(target.upn, 5)
	m.typed(target.puid, 3)
	m.end(']')
	m.guid("TargetContextId")
	m.end('}')
}

// change writes an element of ModifiedProperties, now and then a plain string.
func (m *maker) change(name string) {
	if m.one(60) {
		m.item(name)
		return
	}
	m.open('{')
	m.str("Name", name)
	m.str("NewValue", pick(m, []string{`[\r\n  {\r\n    \"MethodType\": 7,\r\n    \"Default\": true\r\n  }\r\n]`, "[true]", `[\"Vertrieb Süd\"]`, "Member", `{GUID}`}))
	m.str("OldValue", pick(m, []string{"[]", "", "[false]", `[\"Sales\"]`}))
	m.end('}')
}

// oldSignIn has negative numbers and a text of the older login service.
func (m *maker) oldSignIn(e event) {
	m.common(e, "PasswordLogonInitialAuthUsingPassword", 9, "AzureActiveDirectory")
	m.str("ObjectId", e.user.upn)
	m.num("AzureActiveDirectoryEventType", 0)
	m.arr("ExtendedProperties")
	m.pair("LoginError", "-2147217390;PP_E_BAD_PASSWORD;The entered and stored passwords do not match.")
	m.end(']')
	m.str("Client", "Exchange")
	m.num("LoginStatus", -2147217390)
	m.str("UserDomain", "contoso.onmicrosoft.com")
	m.end('}')
}
