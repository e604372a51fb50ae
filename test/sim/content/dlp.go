package content

// twin gives an event the Id of the one before it.
func (g *Generator) twin(e event) event {
	g.IntN(90 * 60)
	if g.one(50) {
		g.IntN(48)
	}
	e.hi, e.lo = g.Uint64(), g.Uint64()
	return e
}

// dlp writes a match of a data loss prevention rule, or its undoing, eight
// levels deep.
func (g *Generator) dlp(e event, undo bool) {
	operation := "DlpRuleMatch"
	if undo {
		operation = "DlpRuleUndo"
	}
	mail := g.one(2)
	typ, workload := int64(11), "OneDrive"
	if mail {
		typ, workload = 13, "Exchange"
	}
	g.common(e, operation, typ, workload)
	g.guid("IncidentId")
	g.str("ObjectId", `https:\/\/contoso-my.sharepoint.com\/personal\/x\/Documents\/`, pick(g, files))
	g.arr("PolicyDetails")
	g.open('{')
	g.guid("PolicyId")
	g.str("PolicyName", "Schutz personenbezogener Daten")
	g.arr("Rules")
	g.open('{')
	g.raw("Actions", `["BlockAccess","GenerateAlert"]`)
	g.obj("ConditionsMatched")
	g.raw("ConditionMatchedInNewScheme", "true")
	g.arr("OtherConditions")
	g.end(']')
	g.arr("SensitiveInformation")
	for range 1 + g.IntN(2) {
		g.sensitive()
	}
	g.end(']')
	g.end('}')
	g.str("ManagementRuleId", e.user.id)
	g.str("RuleMode", "Enable")
	g.str("RuleName", "IBAN – hohes Volumen")
	g.str("Severity", pick(g, []string{"Low", "Medium", "High"}))
	g.end('}')
	g.end(']')
	g.end('}')
	g.end(']')
	g.flag("SensitiveInfoDetectionIsIncluded", true)
	if mail {
		g.obj("ExchangeMetaData")
		g.str("From", e.user.mail)
		g.arr("To")
		g.item(pick(g, users).mail)
		g.end(']')
		g.raw("CC", "[]")
		g.str("MessageID", "<", e.user.id, "@contoso.com>")
		g.num("RecipientCount", 1)
		g.str("Sent", "2026-01-02T03:04:45.0000000Z")
		g.end('}')
	} else {
		g.obj("SharePointMetaData")
		g.str("From", e.user.mail)
		g.str("FileName", pick(g, files))
		g.str("SiteCollectionUrl", `https:\/\/contoso-my.sharepoint.com`)
		g.num("FileSize", g.Int64N(1<<32))
		g.raw("ViewableByExternalUsers", `""`)
		g.end('}')
	}
	if undo {
		g.obj("ExceptionInfo")
		g.raw("FalsePositive", "true")
		g.str("Justification", "")
		g.end('}')
	}
	g.end('}')
}

func (g *Generator) sensitive() {
	g.open('{')
	g.num("Confidence", 85)
	g.num("Count", 1+g.Int64N(40))
	g.str("Location", "Message Body")
	g.guid("SensitiveType")
	g.arr("SensitiveInformationDetailedClassificationAttributes")
	g.element(`{"Confidence":75,"Count":1,"IsMatch":false}`)
	g.element(`{"Confidence":85,"Count":9,"IsMatch":true}`)
	g.end(']')
	g.obj("SensitiveInformationDetections")
	g.arr("DetectedValues")
	for range 1 + g.IntN(3) {
		g.open('{')
		g.token("Name", 22)
		g.str("Value", "IBAN CH93 0076 2011 6238 5295 7 ", pick(g, words))
		g.end('}')
	}
	g.end(']')
	g.flag("ResultsTruncated", false)
	g.end('}')
	g.str("SensitiveInformationTypeName", "International Banking Account Number (IBAN)")
	g.guid("UniqueId")
	g.end('}')
}

// element writes an element that is JSON already.
func (g *Generator) element(value string) {
	g.sep()
	g.b = append(g.b, value...)
}
