import Foundation
import Members
import Testing

/// Octets written as numbers in a row, with or without a bracket in front.
@Suite struct NumberListTests {
    private static let program = TextDocumentTests.program
    private static let decimal = program.map(String.init)
    private static let pairs = program.map { String(String(UInt16($0) + 256, radix: 16).dropFirst()) }

    private static func lines(_ numbers: [String], _ count: Int, _ joint: String, _ end: String) -> String {
        stride(from: 0, to: numbers.count, by: count).map { start in
            numbers[start..<min(start + count, numbers.count)].joined(separator: joint)
        }.joined(separator: end)
    }

    private static let forms: [(String, String)] = [
        ("alone", decimal.joined(separator: ",")),
        ("behind a name", "[byte[]]$x = " + decimal.joined(separator: ",") + "\r\n[IO.File]::WriteAllBytes($p, $x)"),
        ("lines", lines(decimal, 16, ",", ",\r\n")),
        ("lines without a comma at the end", lines(decimal, 16, ",", "\r\n")),
        ("lines that go on", "a = Array(" + lines(decimal, 20, ",", ", _\r\n    ") + ")"),
        ("lines that go on in PowerShell", "$a = @(" + lines(decimal, 20, ",", ",`\r\n") + ")"),
        ("lines behind an accent", "$a = " + lines(decimal, 20, ",", ",`\r\n")),
        ("blanks", decimal.joined(separator: " ")),
        ("one a line", decimal.joined(separator: "\n")),
        ("semicolons", decimal.joined(separator: "; ")),
        ("quotes", "Array(\"" + decimal.joined(separator: "\", \"") + "\")"),
        ("in a string", "s = \"" + lines(decimal, 20, ",", ",\" & _\r\n \"") + "\""),
        ("signed", "x = " + program.map { String(Int8(bitPattern: $0)) }.joined(separator: ", ")),
        ("hyphens", decimal.joined(separator: "-")),
        ("hexadecimal", program.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")),
        ("hexadecimal by blanks", program.map { "0X" + String($0, radix: 16, uppercase: true) }.joined(separator: " ")),
        ("braces", "byte[] x = { " + program.map { "0x" + String($0, radix: 16) }.joined(separator: ",\n") + " };"),
        (
            "Visual Basic",
            "Array(" + program.map { "&H" + String($0, radix: 16, uppercase: true) }.joined(separator: ", ") + ")"
        ),
        ("registry", "\"x\"=hex:" + lines(pairs, 25, ",", ",\\\r\n  ")),
        ("pairs with hyphens", pairs.joined(separator: "-").uppercased()),
        ("pairs with colons", pairs.joined(separator: ":")),
        ("behind words and other numbers", "be 12.5 a " + decimal.joined(separator: ",")),
    ]

    @Test func lists() {
        for (name, form) in Self.forms {
            let found = read(Array(form.utf8))
            #expect(found.members(with: Self.program).count == 1, "\(name)")
            #expect(found.items.count == 1, "\(name)")
        }
        // A file that begins with an octet below zero.
        let compound = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + [UInt8](repeating: 7, count: 90)
        let signed = compound.map { String(Int8(bitPattern: $0)) }.joined(separator: ",")
        for text in [signed, "x=\(signed)", "x=[\(signed)]"] {
            #expect(read(Array(text.utf8)).has(compound), "\(text)")
        }
    }

    /// Tables of numbers are no files, whatever few of them say.
    @Test func tables() {
        var seed: UInt64 = 88_172_645_463_325_252
        func number(_ most: UInt64) -> UInt64 {
            seed ^= seed << 13
            seed ^= seed >> 7
            seed ^= seed << 17
            return seed % most
        }
        for most in [10, 100, 256, 1_000] as [UInt64] {
            for joint in [",", " ", ";", "\t", "\n"] {
                let rows = (0..<400).map { _ in (0..<12).map { _ in String(number(most)) }.joined(separator: joint) }
                let found = read(Array(rows.joined(separator: "\r\n").utf8))
                #expect(found.items.isEmpty && found.problems.isEmpty, "\(most) \(joint)")
            }
        }
        // Too few, and the first two alone.
        #expect(read(Array(Self.decimal.prefix(31).joined(separator: ",").utf8)).items.isEmpty)
        #expect(
            read(Array(("77,90," + [String](repeating: "200", count: 90).joined(separator: ",")).utf8)).items.isEmpty)
        // Fingerprints.
        let sum = (0..<32).map { String(String(UInt16($0 * 7 % 256) + 256, radix: 16).dropFirst()) }
        #expect(read(Array("SHA256 \(sum.joined(separator: ":"))\n".utf8)).items.isEmpty)
    }

    /// What a table hides that cannot be read is no damage.
    @Test func listsAreQuoted() {
        let zip = Array("PK\u{3}\u{4}".utf8) + (0..<200).map { UInt8($0) }
        let found = read(Array(zip.map(String.init).joined(separator: ";").utf8))
        #expect(found.members(with: zip).map { $0.flags.contains(.quoted) } == [true])
    }
}
