package content

// general writes a record of one of the workloads without a content type of
// their own.
func (g *Generator) general(e event) {
	switch n := g.IntN(40); {
	case n < 14:
		g.teams(e)
	case n < 20:
		g.copilot(e)
	case n < 25:
		g.yammer(e)
	case n < 30:
		g.label(e)
	case n < 34:
		g.alert(e)
	case n < 39:
		g.unknown(e)
	default:
		g.teamsAdmin(e)
	}
}

func (g *Generator) teams(e event) {
	g.common(e, pick(g, []string{"MessageSent", "MessageRead", "MeetingDetail", "TeamCreated", "MemberAdded", "ChatCreated"}), 25, "MicrosoftTeams")
	g.str("AADGroupId", e.user.id)
	g.key("ChatThreadId")
	g.b = append(g.b, `"19:`...)
	g.chars(40)
	g.b = append(g.b, `@thread.v2"`...)
	g.str("CommunicationType", pick(g, []string{"Team", "GroupChat", "OneOnOne"}))
	g.obj("ExtraProperties")
	g.str("TimeZone", "Europe\\/Zürich")
	g.str("OsName", "windows")
	g.end('}')
	g.arr("Members")
	for range 1 + g.IntN(4) {
		u := pick(g, users)
		g.open('{')
		g.str("DisplayName", u.upn)
		g.num("Role", int64(g.IntN(3)))
		g.str("UPN", u.upn)
		g.end('}')
	}
	g.end(']')
	g.num("MessageId", 1715187560311+g.Int64N(1<<36))
	g.str("MessageVersion", "0")
	g.str("TeamName", "Projekt „Nordlicht“ \\ud83d\\ude80")
	g.guid("TeamGuid")
	g.raw("MessageSizeInBytes", pick(g, []string{"26.0", "-1.0", "1337.0", "412.5", "0.0"}))
	g.arr("MessageURLs")
	for range g.IntN(3) {
		g.item(`https:\/\/contoso.example.com\/%7Bid%7D?x=1&y=\u0026`)
	}
	g.end(']')
	g.str("ItemName", "General\\u200b")
	g.arr("ResourceTenantId")
	g.item(e.tenant)
	g.end(']')
	g.end('}')
}

func (g *Generator) copilot(e event) {
	g.common(e, "CopilotInteraction", 261, "Copilot")
	g.str("ClientRegion", "CH")
	g.obj("CopilotEventData")
	g.arr("AISystemPlugin")
	if g.one(2) {
		g.open('{')
		g.str("Id", "BingWebSearch")
		g.str("Name", "BuiltIn")
		g.end('}')
	}
	g.end(']')
	g.arr("AccessedResources")
	for range g.IntN(4) {
		g.open('{')
		g.str("Action", "Read")
		g.token("Id", 80)
		g.str("Name", pick(g, files))
		g.str("SiteUrl", `https:\/\/contoso.sharepoint.com\/`, pick(g, sites), `\/Shared%20Documents\/x?web=1`)
		g.str("Type", "docx")
		g.end('}')
	}
	g.end(']')
	g.str("AppHost", pick(g, []string{"Word", "Bing", "Teams"}))
	g.arr("Contexts")
	g.end(']')
	g.arr("Messages")
	for i := range 2 * int64(1+g.IntN(2)) {
		g.open('{')
		g.str("Id", "1715187560311")
		g.flag("isPrompt", i%2 == 0)
		g.end('}')
	}
	g.end(']')
	g.raw("ModelTransparencyDetails", `[{"ModelName":"DEEP_LEO"}]`)
	g.token("ThreadId", 50)
	g.end('}')
	g.end('}')
}

// yammer has integers beyond 32 bits, and beyond 53.
func (g *Generator) yammer(e event) {
	g.common(e, pick(g, []string{"MessageCreated", "GroupCreation", "FileVisited"}), 22, "Yammer")
	g.str("ActorUserId", e.user.upn)
	g.num("ActorYammerUserId", 1<<40+g.Int64N(1<<40))
	g.num("YammerNetworkId", 1<<33+g.Int64N(1<<30))
	g.num("MessageId", 1<<53+1+g.Int64N(1<<61))
	g.num("ThreadOffset", -1-g.Int64N(1<<40))
	g.str("FileId", "9007199254740993")
	g.raw("GroupName", pick(g, []string{`"All Company"`, `null`, `""`}))
	g.flag("IsSoftDelete", g.one(2))
	g.key("MessageBody")
	g.b = append(g.b, '"')
	g.sentence(30 + g.IntN(60))
	g.b = append(g.b, '"')
	g.end('}')
}

func (g *Generator) label(e event) {
	g.common(e, pick(g, []string{"Discover", "Access", "SensitivityLabelApplied", "HeartBeat"}), pick(g, []int64{93, 94, 95, 97}), "Aip")
	g.obj("SensitivityLabelEventData")
	if g.one(2) {
		g.guid("SensitivityLabelId")
	}
	g.end('}')
	g.raw("SensitiveInfoTypeData", "[]")
	g.obj("ProtectionEventData")
	g.str("ProtectionType", "Template")
	g.guid("TemplateId")
	g.flag("IsProtected", true)
	g.str("ProtectionOwner", e.user.upn)
	g.end('}')
	g.obj("Common")
	g.guid("ApplicationId")
	g.str("ApplicationName", "Microsoft Azure Information Protection Word Add-In")
	g.str("ProcessName", "WINWORD")
	g.num("Platform", 1)
	g.str("DeviceName", "WinDev2210Eval")
	g.str("ProductVersion", "2.14.90.0")
	g.end('}')
	g.str(pick(g, []string{"Data State", "DataState"}), "Use")
	g.str("ObjectId", `C:\\Users\\User\\OneDrive - contoso\\`, pick(g, files))
	g.num("Scope", 1)
	g.end('}')
}

func (g *Generator) alert(e event) {
	g.common(e, "AlertTriggered", 40, "SecurityComplianceCenter")
	g.guid("AlertId")
	g.str("AlertType", "System")
	g.str("Category", "ThreatManagement")
	g.str("Comments", "New alert")
	g.str("Data", `{\"etype\":\"User\",\"eid\":\"`, e.user.upn, `\",\"ts\":\"2026-01-02T03:04:05.0000000Z\",\"te\":\"9\/30\/2024 6:16:41 AM\",\"op\":\"MailItemsAccessed\",\"lon\":\"Mehrere Ereignisse\"}`)
	g.str("EntityType", "User")
	g.str("Name", "Unusual volume of file deletion – Übersicht")
	g.guid("PolicyId")
	g.str("Severity", pick(g, []string{"Low", "Medium", "High", "Informational"}))
	g.str("Source", "Office 365 Security & Compliance")
	g.str("Status", "Active")
	g.key("Description")
	g.b = append(g.b, '"')
	g.sentence(20 + g.IntN(50))
	g.b = append(g.b, '"')
	g.end('}')
}

// unknown has a record type that no table holds yet.
func (g *Generator) unknown(e event) {
	g.common(e, "SomethingNew", 900+int64(g.IntN(5)), "NewWorkload")
	if g.one(2) {
		g.raw("Message", `{"Text":"of tomorrow","Parts":[[],[1,[2,[3]]],{}]}`)
	} else {
		g.str("Message", "[10.11.12.13] {not JSON}")
	}
	g.raw("Ratio", pick(g, []string{"0.25", "1.5e3", "-0.001", "1E-7", "99.5"}))
	g.key("Details")
	g.b = append(g.b, '"')
	g.sentence(40 + g.IntN(80))
	g.b = append(g.b, '"')
	g.end('}')
}

// teamsAdmin has a new value that is huge now and then.
func (g *Generator) teamsAdmin(e event) {
	g.common(e, "TeamsTenantSettingChanged", 57, "MicrosoftTeams")
	n := 60 + g.IntN(100)
	if g.one(20) {
		n = 3000 + g.IntN(22000)
	}
	g.arr("ModifiedProperties")
	g.open('{')
	g.str("Name", "Policy")
	g.key("NewValue")
	g.b = append(g.b, '"')
	g.sentence(n)
	g.b = append(g.b, '"')
	g.str("OldValue", "")
	g.end('}')
	g.end(']')
	g.end('}')
}
