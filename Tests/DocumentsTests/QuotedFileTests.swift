import Documents
import Foundation
import Members
import TestSupport
import Testing

/// Files that a text shows: read where they are whole, and nothing where a token or a word only looks like one.
@Suite struct QuotedFileTests {
    private static let program = dosProgram((0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })

    /// Octets as a token has them, behind those with which something begins.
    private func noise(_ head: [UInt8], count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return head + (head.count..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Two octets make no program, nor do three or four a compressed file.
    @Test func tokensAreNoFiles() {
        let heads: [[UInt8]] = [Array("MZ".utf8), [0x60, 0xEA], Array("BZh".utf8), Array("BZh9".utf8)]
        for head in heads {
            for seed: UInt64 in 1...300 {
                let token = noise(head, count: 70, seed)
                let base64 = Data(token).base64EncodedString()
                let address = base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                let digits = token.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
                for text in [
                    "see https://click.example.net/c?t=\(address) now\n", "signature: \(base64)\n",
                    "\(digits)  a.tgz\n",
                    "<html><body><a href=\"https://click.example.net/c?upn=u001.\(address)\">x</a></body></html>",
                ] {
                    #expect(read(Array(text.utf8)).items.isEmpty, "\(seed) \(text)")
                }
            }
        }
    }

    /// Windows starts a program by the header that its own points to, whatever else stands there.
    @Test(arguments: [64, 300, 700, 4000]) func programsByTheirSecondHeader(_ place: Int) {
        var program = [UInt8](repeating: 0xEE, count: place) + Array("PE\0\0".utf8) + Self.program
        program.replaceSubrange(0..<2, with: Array("MZ".utf8))
        program.replaceSubrange(60..<64, with: [UInt8](little: place, 4))
        #expect(read(Array("x='\(Data(program).base64EncodedString())'".utf8)).has(program))
        program[place] = 0x51
        #expect(read(Array("x='\(Data(program).base64EncodedString())'".utf8)).items.isEmpty)
    }

    /// Only what a page with script, or a link in it, has written out is more than quoted.
    @Test func whoQuotes() {
        let text = Data(Self.program).base64EncodedString()
        func isQuoted(_ document: String) -> [Bool] {
            read(Array(document.utf8)).members(with: Self.program).map { $0.flags.contains(.quoted) }
        }
        #expect(isQuoted("Hello,\n\n\(text)\n") == [true])
        #expect(isQuoted("<html><body><p>\(text)</p></body></html>") == [true])
        #expect(isQuoted("<html><body><script>f('\(text)')</script></body></html>") == [false])
        #expect(isQuoted("<html><body><a href='data:application/zip;base64,\(text)'>x</a></body></html>") == [false])
    }

    @Test func quotingAndEscapes() {
        // Slashes in the first octets, and everywhere.
        let content = dosProgram([0xFF, 0xFF, 0xFF, 0x3F, 0xFF] + (0..<600).map { UInt8(truncatingIfNeeded: $0 * $0) })
        let text = Data(content).base64EncodedString()
        let lines = stride(from: 0, to: text.count, by: 70).map { String(text.dropFirst($0).prefix(70)) }
        #expect(text.contains("/") && text.prefix(64).contains("/"))
        let forms = [
            "quoted": "On Monday you wrote:\n" + lines.map { "> \($0)\n" }.joined() + "\nWhat is this?\n",
            "quoted twice": lines.map { "> > \($0)\r\n" }.joined() + "> > \r\n",
            "slashes": "{\"file\":\"" + text.replacing("/", with: "\\/") + "\"}",
            "line ends": "{\"file\":\"" + lines.joined(separator: "\\n") + "\\n\"}",
            "both": "{\"file\":\"" + lines.map { $0.replacing("/", with: "\\/") }.joined(separator: "\\r\\n") + "\"}",
        ]
        for (name, form) in forms { #expect(read(Array(form.utf8)).has(content), "\(name)") }
    }

    /// The word behind digits is none of them.
    @Test(arguments: ["", " end", "\r\nSet fso = CreateObject(1)", "\nand more text\n", "\" Then", ".", "\nfoo(s);"])
    func wordsBehindDigits(_ rest: String) {
        let digits = Self.program.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        #expect(read(Array("s = \"\(digits)\(rest)".utf8)).has(Self.program), "\(rest)")
    }

    /// Words on lines of their own in front of it have letters of base64.
    @Test(arguments: [
        "Rechnungsunterlagen\n", "Hello,\r\n\r\nRechnungsunterlagen\r\n\r\n", "Supercalifragilistic\nDokumentation\n",
        "file/base64/ZIPARCHIVE\n", "x-----ABCDEFGHIJKLMNOP-----\n", "Unterlagen\nUnterlagen\nRechnungsunterlagen\n",
        "<html><pre>\nRechnungsunterlagen\n",
    ])
    func wordsInFrontOfAFile(_ words: String) {
        let lines = Data(Self.program).base64EncodedString(options: .lineLength76Characters)
        let digits = Self.program.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        for file in [lines, digits] {
            #expect(read(Array((words + file + "\n").utf8)).has(Self.program), "\(file.prefix(4))")
        }
    }

    /// What programs write, whichever are installed, and `certutil -encodehex`, of which there is none here.
    @Test(arguments: [
        "xxd", "xxd -u -c 24", "hexdump -C", "od -An -tx1 -v", "od -Ax -tx1 -v", "xxd -g1", "xxd -p", "certutil",
    ])
    func dumps(_ command: String) throws {
        var dump: [UInt8]
        if command == "certutil" {
            dump = Array(certutil(Self.program).utf8)
        } else {
            let program = String(command.prefix { $0 != " " })
            try #require(Programs.peer(program) != nil, "make test-deps installs it")
            let result = try runTool("sh", ["-c", command], input: Self.program)
            try #require(result.status == 0)
            dump = result.output
        }
        #expect(read(dump).has(Self.program))
        #expect(read(Array("Here it is:\n\n".utf8) + dump + Array("\nthat is it\n".utf8)).has(Self.program))
        // In the line ends of Windows.
        dump = dump.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        #expect(read(dump).has(Self.program))
    }

    private func certutil(_ bytes: [UInt8]) -> String {
        func digits(_ value: Int, _ count: Int) -> String { String(String(value + 0x1_0000, radix: 16).suffix(count)) }
        var dump = ""
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let line = bytes[start..<min(start + 16, bytes.count)]
            dump += digits(start, 4) + "\t"
            for (index, byte) in line.enumerated() { dump += (index == 8 ? " " : "") + digits(Int(byte), 2) + " " }
            dump += String(repeating: "   ", count: 16 - line.count) + (line.count > 8 ? "  " : "   ")
            for byte in line { dump.append(0x20..<0x7F ~= byte ? Character(UnicodeScalar(byte)) : ".") }
            dump += "\r\n"
        }
        return dump
    }

    /// Numbers and words in columns are no dump, and a dump of anything is no file.
    @Test func tablesAreNoDumps() {
        let table = (0..<100).map { "\($0 + 1000) 4d 5a be ad face 90\n" }.joined()
        #expect(read(Array(table.utf8)).items.isEmpty)
        let digits = (0..<200).map { String($0 + 256, radix: 16).dropFirst() }.joined(separator: " ")
        #expect(read(Array(digits.utf8)).items.isEmpty)
    }

    /// Lines that scripts of Windows join: each with the same words around a piece.
    @Test(arguments: [
        ("s = s & \"", "\""), ("echo ", ">>x.b64"), ("echo ", " >> x.b64"), ("  $d += '", "'"),
        ("x.Write \"", "\" : ' 1"),
    ])
    func linesThatAProgramJoins(_ prefix: String, _ suffix: String) {
        let base64 = Data(Self.program).base64EncodedString()
        let digits = Self.program.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        for (text, width) in [(base64, 64), (base64, 76), (base64, 120), (digits, 80), (digits, 128)] {
            let characters = Array(text)
            let lines = stride(from: 0, to: characters.count, by: width).map {
                prefix + String(characters[$0..<min($0 + width, characters.count)]) + suffix
            }
            for end in ["\r\n", "\n"] {
                let script = "Set x = 1\(end)" + lines.joined(separator: end) + end + end + end + "run x\(end)"
                #expect(read(Array(script.utf8)).has(Self.program), "\(width) \(lines[0])")
            }
        }
    }

    @Test(arguments: ["\" & _\r\n\"", "\" & _\r\n    \"", "\" _\r\n & \"", "\" & \""])
    func visualBasicGoesOnInTheNextLine(_ joint: String) {
        let base64 = Array(Data(Self.program).base64EncodedString())
        let pieces = stride(from: 0, to: base64.count, by: 82).map {
            String(base64[$0..<min($0 + 82, base64.count)])
        }
        let joined = pieces.joined(separator: joint)
        #expect(read(Array("s = \"\(joined)\"\r\n\r\nrun s".utf8)).has(Self.program))
        // An address, and what a page makes a file of: neither is known by what it begins with.
        let noise = (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }
        let text = Array(Data(noise).base64EncodedString())
        let unknown = stride(from: 0, to: text.count, by: 82).map { String(text[$0..<min($0 + 82, text.count)]) }
            .joined(separator: joint)
        func page(_ script: String) -> [UInt8] {
            Array("<html><body><script>\r\n\(script)\r\n</script></body></html>".utf8)
        }
        #expect(read(page("x = \"data:application/x;base64,\(joined)\"")).has(Self.program))
        #expect(read(page("x = \"data:application/x;base64,\(unknown)\"")).has(noise))
        #expect(read(page("x = \"\(unknown)\"\r\ncreateObjectURL(new Blob(x))")).has(noise))
    }

    /// Files of their own in lines that look alike are no pieces of one.
    @Test func filesLineByLineAreNotJoined() {
        var files: [[UInt8]] = []
        for seed: UInt64 in 1...4 {
            files.append(dosProgram(noise([], count: 300 + Int(seed) * 30, seed)))
        }
        let text = files.map { "{\"file\":\"\(Data($0).base64EncodedString())\"}" }.joined(separator: "\n")
        let found = read(Array(text.utf8))
        for file in files { #expect(found.has(file)) }
    }

    @Test func base64BehindAPath() {
        let text = Data(Self.program).base64EncodedString()
        for path in ["https://files.example/a/b/", "/x/", "path/to/some/long/directory/"] {
            #expect(read(Array("get \(path)\(text).".utf8)).has(Self.program), "\(path)")
        }
    }
}
