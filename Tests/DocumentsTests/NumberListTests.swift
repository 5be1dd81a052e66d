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

    // MARK: Calls

    private static func joined(_ joint: String, _ character: (UInt8) -> String) -> String {
        program.map(character).joined(separator: joint)
    }

    private static func statements(_ count: Int, _ first: String, _ next: String, _ joint: String) -> String {
        stride(from: 0, to: program.count, by: count).map { start in
            let line = program[start..<min(start + count, program.count)].map { "Chr(\($0))" }
            return (start == 0 ? first : next) + line.joined(separator: joint)
        }.joined(separator: "\r\n")
    }

    /// Characters that can stand in a string do, three at most in a row.
    private static func mixed(_ joint: String, _ quote: String, _ character: (UInt8) -> String) -> String {
        var pieces: [String] = []
        var text = ""
        for octet in program {
            if 0x23...0x7E ~= octet, octet != 0x27, octet != 0x5C, text.count < 3 {
                text.unicodeScalars.append(Unicode.Scalar(octet))
                continue
            }
            if !text.isEmpty { pieces.append(quote + text + quote) }
            text = ""
            pieces.append(character(octet))
        }
        return (pieces + (text.isEmpty ? [] : [quote + text + quote])).joined(separator: joint)
    }

    private static let calls: [(String, String)] = [
        ("Visual Basic", "s = " + joined(" & ") { "Chr(\($0))" } + "\r\nf.Write s"),
        ("VBA", "s = " + joined(" & ") { "VBA.ChrW$(\($0))" }),
        ("either function, and case", "s=" + joined("&") { $0 % 2 == 0 ? "chr(\($0))" : "CHRW( \($0) )" }),
        ("hexadecimal", "s = " + joined("+") { "Chr(&H" + String($0, radix: 16, uppercase: true) + ")" }),
        ("lines that go on", "s = " + joined(" & _\r\n    ") { "Chr (\($0))" }),
        ("lines", statements(20, "s = ", "s = s & ", " & ")),
        ("one a line", statements(1, "s = ", "s = s & ", "")),
        (
            "behind others",
            "x = y(1): t = Chr(34)\r\nu = Chr(13) & Chr(10)\r\n" + statements(9, "s = ", "s = s & ", "&")
        ),
        ("between others", "s = " + joined(" : x(1)\r\ns = s & ") { "Chr(\($0))" }),
        ("PHP", "<?php file_put_contents('a.exe', " + joined(".") { "chr(\($0))" } + ");"),
        ("JScript", "var s = " + joined(" + ") { "String.fromCharCode(\($0))" } + ";"),
        ("a function of its own", "var s=" + joined("+") { "_0x1f(\($0))" } + ";"),
        ("written one by one", joined(";\n") { "fputc(0x\(String($0, radix: 16)), f)" }.replacing(", f)", with: ")")),
        (
            "pieces",
            stride(from: 0, to: decimal.count, by: 40).map {
                "String.fromCharCode(" + decimal[$0..<min($0 + 40, decimal.count)].joined(separator: ", ") + ")"
            }.joined(separator: " +\n")
        ),
        ("PowerShell", "$s = " + joined("+") { "[char]\($0)" }),
        ("PowerShell in brackets", "$s = " + joined(" + ") { "([Char](\($0)))" }),
        ("PowerShell, joined", "-join(" + joined(",") { "[char]0x" + String($0, radix: 16) } + ")"),
        ("PowerShell in a string", "\"" + joined("") { "$([char]\($0))" } + "\""),
        ("strings", "s = " + mixed(" & ", "\"") { "Chr(\($0))" }),
        ("strings of PHP", "$s=" + mixed(".", "'") { "chr(\($0))" }),
        ("formula", "=" + joined("&") { "CHAR(\($0))" }),
    ]

    @Test func listsOfCalls() {
        for (name, form) in Self.calls {
            let found = read(Array(form.utf8))
            #expect(
                found.members(with: Self.program).count == 1, "\(name): \(found.items.map { $0.content?.count ?? -1 })")
            #expect(found.items.count == 1, "\(name)")
        }
    }

    /// Calls with numbers are common in programs, and say nothing.
    @Test func callsThatAreNoFiles() {
        let colours = (0..<300).map { "rgb(\($0 % 256), 90, 144)" }.joined(separator: ", ")
        let words = (0..<300).map { "f(77); g(90); h(\($0))" }.joined(separator: "\n")
        let page = "<html><script>new Blob([x]); c = [\(colours)]</script></html>"
        for text in [colours, words, page, (0..<40).map { "Chr(\($0))" }.joined(separator: "&")] {
            let found = read(Array(text.utf8))
            #expect(found.items.isEmpty && found.facts.isEmpty && found.problems.isEmpty, "\(text.prefix(40))")
        }
    }
}
