import Magic
import Testing

/// What libmagic adds to our own signatures.
@Suite struct MagicTests {
    private let database: MagicDatabase

    init() throws {
        database = try #require(MagicDatabase())
    }

    private func type(_ bytes: [UInt8]) -> String? { database.mediaType(of: bytes.span) }

    @Test(arguments: [
        ("@echo off\r\ngoto :eof\r\n", "text/x-msdos-batch"), ("<?php echo 1; ?>", "text/x-php"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n", "text/vcard"),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "text/calendar"), ("MThd\0\0\0\u{6}", "audio/midi"),
    ])
    func knows(_ text: String, _ expected: String) {
        #expect(type(Array(text.utf8)) == expected)
    }

    @Test func doesNotGuess() {
        #expect(type([]) == nil)
        #expect(type([0]) == nil)
        #expect(type(Array("some words".utf8)) == nil)
        #expect(type((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 >> 3) | 0x80 }) == nil)
    }

    /// Only the start is looked at: a mark of ISO 9660 lies behind it.
    @Test func looksAtTheStartAlone() {
        var image = [UInt8](repeating: 0, count: 40_000)
        image.replaceSubrange(32_769..<32_774, with: Array("CD001".utf8))
        #expect(type(image) == nil)
    }
}
