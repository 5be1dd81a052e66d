import MailModel
import Testing

@Suite struct MailValueTests {
    @Test func repliesFallIntoThreeKinds() {
        for code in [200, 250, 354, 399] { #expect(Reply(code, nil, "").kinds == [true, false, false]) }
        for code in [400, 421, 451, 499] { #expect(Reply(code, nil, "").kinds == [false, true, false]) }
        for code in [500, 552, 554, 599] { #expect(Reply(code, nil, "").kinds == [false, false, true]) }
    }

    @Test func summariesJoinTheLines() {
        #expect(Reply(250, EnhancedStatus(2, 0, 0), "Ok").summary == "250 2.0.0 Ok")
        #expect(Reply(250, nil, lines: ["a", "b"]).summary == "250 a b")
        #expect(Reply(250, nil, lines: []).summary == "250")
        #expect(Reply(451, EnhancedStatus(4, 3, 0), "No", cause: "secret").summary == "451 4.3.0 No")
    }

    @Test func theDomainIsBehindTheLastAt() {
        #expect(MailPath("a@b").domain.map(Array.init) == Array("b".utf8))
        #expect(MailPath("\"a@b\"@c").domain.map(Array.init) == Array("c".utf8))
        #expect(MailPath("postmaster").domain == nil)
        #expect(MailPath("a@").domain.map(Array.init) == [])
        #expect(MailPath.null.isNull)
        #expect(!MailPath("x").isNull)
    }

    @Test func addressesOutsideASCIINeedSMTPUTF8() {
        let plain = Recipient(path: MailPath("a@b"))
        let other = Recipient(path: MailPath("é@b"))
        #expect(!Envelope(reversePath: .null, recipients: [plain]).addressesNeedSMTPUTF8)
        #expect(Envelope(reversePath: .null, recipients: [plain, other]).addressesNeedSMTPUTF8)
        #expect(Envelope(reversePath: MailPath("é@b"), recipients: [plain]).addressesNeedSMTPUTF8)
    }

    /// Scripts depend on these words.
    @Test func contractWords() {
        #expect(
            Category.allCases.map(\.rawValue) == [
                "infected", "banned", "rule", "unchecked", "spam", "spammy", "bad-header", "oversized", "clean",
            ])
        #expect(
            DispositionKind.allCases.map(\.rawValue) == [
                "deliver", "deliver-marked", "strip", "quarantine", "discard", "reject", "bounce", "tempfail",
            ])
        #expect(
            UncheckedReason.allCases.map(\.rawValue) == [
                "encrypted", "ambiguous", "over-limits", "unsupported", "corrupt", "scanner-failed", "scanner-crashed",
                "deadline", "workspace-full",
            ])
        #expect(DispositionKind.allCases.filter(\.isDelivered) == [.deliver, .deliverMarked, .strip])
    }

    @Test func xtextCarriesEveryOctet() {
        let every = Array(UInt8.min...UInt8.max)
        let encoded = Xtext.encode(every)
        #expect(encoded.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3D })
        #expect(Xtext.decode(encoded[...]) == every)
        #expect(Xtext.decodeWherePossible(encoded[...]) == every)
        for wrong in ["a b", "+", "+4", "+4G", "++41", "a=b", "é", "+-1"] {
            #expect(Xtext.decode(Array(wrong.utf8)[...]) == nil, "\(wrong)")
        }
    }
}

extension Reply {
    fileprivate var kinds: [Bool] { [isPositive, isTemporary, isPermanent] }
}
