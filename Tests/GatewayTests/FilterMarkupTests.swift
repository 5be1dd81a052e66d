@testable import Gateway
import MailModel
import Policy
import Stores
import TestSupport
import Testing

/// What filters put around a message is taken off again.
@Suite struct FilterMarkupTests {
    private static let original = "From: s@example.net\r\nSubject: buy\r\n\r\nbody\r\n--b\r\nmore\r\n"

    private static let markup = FilterMarkup(stateDirectory: "/nonexistent")

    private static func removed(_ text: String) -> String {
        String(decoding: markup.removed(from: Array(text.utf8)), as: UTF8.self)
    }

    /// A report in the form of SpamAssassin.
    private static func report(
        version: String = "X-Spam-Checker-Version: SpamAssassin\r\n", boundary: String = "\"----------=_1.2\"",
        type: String = "message/rfc822; x-spam-type=original", description: String = "something", end: Bool = true
    ) -> String {
        let line = "--" + boundary.filter { $0 != "\"" }
        return "From: s@example.net\r\nSubject: [SPAM] buy\r\n" + version
            + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n\tboundary=\(boundary)\r\n\r\npreamble\r\n\r\n"
            + line + "\r\nContent-Type: text/plain\r\n\r\nwhat was found\r\n\r\n"
            + line + "\r\nContent-Type: \(type)\r\nContent-Description: \(description)\r\n\r\n"
            + original + "\r\n" + (end ? line + "--\r\n" : "")
    }

    @Test func aReportOfSpamAssassinIsTakenOff() {
        #expect(Self.removed(Self.report()) == Self.original)
        #expect(Self.removed(Self.report(boundary: "x1")) == Self.original)
        #expect(Self.removed(Self.report(type: "text/plain; x-spam-type=original")) == Self.original)
        let named = Self.report(type: "message/rfc822", description: "original message before SpamAssassin")
        #expect(Self.removed(named) == Self.original)
        // The end is missing: all that is there.
        #expect(Self.removed(Self.report(end: false)) == Self.original + "\r\n")
    }

    @Test func theWarningOfThisGatewayIsTakenOff() throws {
        let scratch = try Scratch(.disk)
        #expect(ReleaseKey.existing(scratch.path) == nil)
        let key = try ReleaseKey(scratch.path)
        let markup = FilterMarkup(stateDirectory: scratch.path)
        let boundary = WrapperMark.boundary(key, Quarantine.newID() + Quarantine.newID())
        #expect(boundary.utf8.count <= 70)
        let original = Array(Self.original.utf8)
        let note = ReleasedMessage(
            hostname: "mx.example.org", id: "abc", recipient: nil, sender: .null, subject: "buy", reason: "spam",
            time: 1,
            kept: 1, boundary: boundary)
        #expect(markup.removed(from: note.head(hasEightBit: false) + original + note.tail) == original)
        var second = note
        second.boundary = WrapperMark.boundary(key, Quarantine.newID() + Quarantine.newID())
        func identifier(_ note: ReleasedMessage) -> Substring? {
            String(decoding: note.head(hasEightBit: false), as: UTF8.self).split(separator: "\r\n")
                .first { $0.hasPrefix("Message-ID: <release-abc-") }
        }
        // Two of one second differ in content, and so in their name.
        #expect(identifier(note) != nil && identifier(note) != identifier(second))
        let fields = Array("X-Spam-Flag: YES\r\nSubject: [SPAM] buy\r\n".utf8)
        let head = Defanging.head(
            fields: fields, verdict: Verdict(Report(messageSize: 1)), id: "abc", boundary: boundary,
            hasEightBit: true, needsUTF8: true)
        #expect(markup.removed(from: head + original + Defanging.tail(boundary: boundary)) == original)
        // What anybody could write proves nothing.
        let foreign = try Scratch(.disk)
        let other = try ReleaseKey(foreign.path)
        for forged in [
            WrapperMark.boundary(nil, "abc"), WrapperMark.boundary(other, "abc"), String(boundary.dropLast()),
            boundary + "0", "mailreeve-x" + boundary.dropFirst("mailreeve-".count), "mailreeve--",
        ] {
            let wrapped = Self.report(version: "", boundary: "\"\(forged)\"", type: "message/rfc822")
            #expect(markup.removed(from: Array(wrapped.utf8)) == Array(wrapped.utf8), "\(forged)")
        }
        #expect(Self.removed(Self.report(version: "", boundary: "\"\(boundary)\"")) != Self.original)
    }

    @Test func whatIsNoReportStays() {
        let texts = [
            "", "\r\n", "Subject: a\r\n", "Content-Type: multipart/mixed; boundary=", Self.original,
            Self.report(version: ""),
            Self.report(type: "message/rfc822"),
            Self.report(boundary: "\"\""), Self.report(boundary: "\"" + String(repeating: "x", count: 201) + "\""),
            Self.report().replacing("multipart/mixed", with: "multipart/digest"),
            Self.report().replacing("------------=_1.2\r\n", with: "x"),
            // A delimiter is the beginning of a line.
            Self.report().replacing("------------=_1.2\r\n", with: " ------------=_1.2\r\n"),
        ]
        for text in texts { #expect(Self.removed(text) == text) }
    }

    @Test func oneReportInAnotherIsTakenOffOnce() {
        let outer = Self.report(boundary: "outer").replacing(Self.original, with: Self.report())
        #expect(Self.removed(outer) == Self.report())
    }

    /// A report has a part before the message and none behind it: nobody shows what is learnt beside other text.
    @Test func otherPartsMakeItNoReport() {
        let plain = "--x1\r\nContent-Type: text/plain\r\n\r\na\r\n"
        let before = Self.report(boundary: "x1").replacing("preamble\r\n", with: plain + "\r\n")
        #expect(Self.removed(before) == before)
        let behind = Self.report(boundary: "x1").replacing("--x1--", with: plain + "--x1--")
        #expect(Self.removed(behind) == behind)
        let alone = Self.report(boundary: "x1").replacing(
            "--x1\r\nContent-Type: text/plain\r\n\r\nwhat was found\r\n\r\n", with: "")
        #expect(Self.removed(alone) == alone)
    }

    @Test func aSubjectIsWhatItWas() {
        let version = "X-Spam-Checker-Version: SpamAssassin\r\n"
        let changed = version + "Subject: [SPAM] buy\r\nX-Spam-Prev-Subject: buy\r\n\r\nbody\r\n"
        #expect(Self.removed(changed) == version + "Subject: buy\r\nX-Spam-Prev-Subject: buy\r\n\r\nbody\r\n")
        let made = version + "Subject: [SPAM]\r\nX-Spam-Prev-Subject: (nonexistent)\r\nTo: b\r\n\r\nbody\r\n"
        #expect(
            Self.removed(made) == version + "X-Spam-Prev-Subject: (nonexistent)\r\nTo: b\r\n\r\nbody\r\n")
        let foreign = "Subject: [SPAM] buy\r\nX-Spam-Prev-Subject: buy\r\n\r\nbody\r\n"
        #expect(Self.removed(foreign) == foreign)
    }

    @Test func anythingCutOffAtAnyPlaceIsRead() {
        let whole = Array(Self.report().utf8)
        let there = Array((Self.original + "\r\n------------=_1.2").utf8)
        for end in whole.indices {
            let part = Array(whole[..<end])
            let removed = Self.markup.removed(from: part)
            // All of it, or what is there of the original.
            #expect(removed == part || there.starts(with: removed))
        }
    }
}
