package content

// entra writes a record of Microsoft Entra ID: a sign-in or a change.
func (g *Generator) entra(e event) {
	switch n := g.IntN(20); {
	case n < 12:
		g.signIn(e)
	case n < 19:
		g.directoryChange(e)
	default:
		g.oldSignIn(e)
	}
}

func (g *Generator) signIn(e event) {
	failed := g.one(8)
	operation := "UserLoggedIn"
	if failed {
		operation = "UserLoginFailed"
	}
	g.common(e, operation, 15, "AzureActiveDirectory")
	g.str("ObjectId", "00000002-0000-0000-c000-000000000000")
	g.num("AzureActiveDirectoryEventType", 1)
	g.arr("ExtendedProperties")
	g.pair("ResultStatusDetail", pick(g, []string{"Success", "Redirect", "UserError"}))
	g.pair("UserAgent", e.user.agent)
	if g.one(3) {
		g.pair("UserAuthenticationMethod", "1")
	}
	g.pair("RequestType", pick(g, []string{"OAuth2:Authorize", "Login:login", "Login:reprocess", "OAuth2:Token"}))
	g.end(']')
	g.arr("ModifiedProperties")
	g.end(']')
	g.arr("Actor")
	g.typed(e.user.id, 0)
	g.typed(e.user.upn, 5)
	g.end(']')
	g.guid("ActorContextId")
	if e.user.ip != "absent" {
		g.raw("ActorIpAddress", e.user.ip)
	}
	g.guid("InterSystemsId")
	g.guid("IntraSystemId")
	g.str("SupportTicketId", "")
	g.arr("Target")
	g.typed("00000002-0000-0000-c000-000000000000", 0)
	g.end(']')
	g.guid("TargetContextId")
	g.guid("ApplicationId")
	g.arr("DeviceProperties")
	if g.one(2) {
		g.pair("OS", pick(g, []string{"Windows10", "MacOs", "Ios 17", "Linux"}))
		g.pair("BrowserType", pick(g, []string{"Edge", "Chrome", "Safari"}))
		g.pair("IsCompliantAndManaged", pick(g, []string{"True", "False"}))
		g.pair("SessionId", e.user.id)
	}
	g.end(']')
	g.str("ErrorNumber", pick(g, []string{"0", "50126", "50140"}))
	if failed {
		g.str("LogonError", pick(g, []string{"InvalidUserNameOrPassword", "UserAccountNotFound", "BlockedByConditionalAccess"}))
	}
	g.end('}')
}

// typed writes an element of Actor or Target.
func (g *Generator) typed(id string, typ int64) {
	g.open('{')
	g.str("ID", id)
	g.num("Type", typ)
	g.end('}')
}

func (g *Generator) directoryChange(e event) {
	target := pick(g, users)
	g.common(e, pick(g, []string{"Update user.", "Add member to group.", "Add app role assignment grant to user.", "Update service principal.", "Update application – Certificates and secrets management "}), 8, "AzureActiveDirectory")
	g.str("ObjectId", target.upn)
	g.num("AzureActiveDirectoryEventType", 1)
	g.arr("ExtendedProperties")
	g.pair("additionalDetails", `{\"UserType\":\"Member\",\"User-Agent\":\"EvoSTS\",\"UserType\":\"Member\"}`)
	g.pair("extendedAuditEventCategory", "User")
	g.end(']')
	g.arr("ModifiedProperties")
	for range 1 + g.IntN(4) {
		g.change(pick(g, []string{"StrongAuthenticationMethod", "AccountEnabled", "DisplayName", "AssignedLicense", "Department"}))
	}
	g.change("Included Updated Properties")
	g.change("TargetId.UserType")
	g.end(']')
	g.arr("Actor")
	g.typed("Azure MFA StrongAuthenticationService", 1)
	g.typed(e.user.id, 2)
	g.typed(e.user.upn, 5)
	g.typed(e.user.puid, 3)
	g.end(']')
	g.guid("ActorContextId")
	g.guid("InterSystemsId")
	g.guid("IntraSystemId")
	g.str("SupportTicketId", "")
	g.arr("Target")
	g.typed("User_"+target.id, 2)
	g.typed(target.id, 2)
	g.typed("User", 2)
	g.typed(target.upn, 5)
	g.typed(target.puid, 3)
	g.end(']')
	g.guid("TargetContextId")
	g.end('}')
}

// change writes an element of ModifiedProperties, now and then a plain string.
func (g *Generator) change(name string) {
	if g.one(60) {
		g.item(name)
		return
	}
	g.open('{')
	g.str("Name", name)
	g.str("NewValue", pick(g, []string{`[\r\n  {\r\n    \"MethodType\": 7,\r\n    \"Default\": true\r\n  }\r\n]`, "[true]", `[\"Vertrieb Süd\"]`, "Member", `{GUID}`}))
	g.str("OldValue", pick(g, []string{"[]", "", "[false]", `[\"Sales\"]`}))
	g.end('}')
}

// oldSignIn has negative numbers and a text of the older login service.
func (g *Generator) oldSignIn(e event) {
	g.common(e, "PasswordLogonInitialAuthUsingPassword", 9, "AzureActiveDirectory")
	g.str("ObjectId", e.user.upn)
	g.num("AzureActiveDirectoryEventType", 0)
	g.arr("ExtendedProperties")
	g.pair("LoginError", "-2147217390;PP_E_BAD_PASSWORD;The entered and stored passwords do not match.")
	g.end(']')
	g.str("Client", "Exchange")
	g.num("LoginStatus", -2147217390)
	g.str("UserDomain", "contoso.onmicrosoft.com")
	g.end('}')
}
