import MIME
import Testing

/// Mailboxes are cut the same wherever the pieces end in which they are read.
@Suite struct MessageCutterTests {
    private func cut(_ text: String, piece: Int, _ cutter: some MessageCutter) -> [String] {
        var cutter = cutter
        let bytes = Array(text.utf8)
        var found: [String] = []
        func take(_ message: CutMessage) {
            switch message {
            case .whole(let bytes): found.append(String(decoding: bytes, as: UTF8.self))
            case .tooLarge: found.append("(too large)")
            case .damaged: found.append("(damaged)")
            }
        }
        for start in stride(from: 0, to: bytes.count, by: piece) {
            cutter.take(bytes.span.extracting(start..<min(bytes.count, start + piece)), take)
        }
        cutter.finish(take)
        return found
    }

    @Test(
        arguments: [
            "From a Sat\nS: 1\n\none\n\nFrom b Sun\nS: 2\n\ntwo\n\n", "From a\nS: 1\n\none\nFrom b\n\n",
            "From a\nS: 1\n\none\n\nFrom\n", "From a\nS: 1\n\none\n\nFrom \n", "From a\nS: 1\n\none\n\n>From b\n",
            "From a\r\nS: 1\r\n\r\none\r\n\r\nFrom b\r\nS: 2\r\n\r\ntwo\r\n\r\n",
            "From a\nS: 1\n\none\n\n\nFrom b\nS: 2\n\n\n", "From a", "From a\n", "From a\nS: 1", "From a\nS: 1\n\none",
            "From a\nS: 1\n\none\n\nFrom b", "From a\nS: 1\n\none\r", "From a\nS: 1\n\none\n\rFrom b\n\nF",
            "From a\n\nFrom b\n\n", "From a\nFrom b\n\n", "From a\n\r\n\rFrom b\n\nFrom",
            "From a\n\n\n\nFrom b c\n\r\n", "\n\r\nFrom a\nS: 1\n\nFrom b\nS: 2\n",
            "From a Thu Aug 22 12:36:23 2002\nS: 1\n\nFrom b\n\nFrom c 22 Aug 2002 12:36:23 +0000\r\nS: 2\n",
            "From a\nS: 1\n\nFrom b Thu Aug 22 12:36:23 2002\n\nFrom c\n\nFrom d Thu Aug 22 12:36:23 2002",
            "From a Thu Aug 22 12:36:23 2002\n\nFrom " + String(repeating: "b", count: 600) + "\n",
            "From a Thu Aug 22 12:36:23 2002\n\nFrom " + String(repeating: "b", count: 482)
                + " Thu Aug 22 12:36:23 2002\n\nx\n",
            "From a Thu Aug 22 12:36:23 2002\n\nFrom " + String(repeating: "b", count: 483)
                + " Thu Aug 22 12:36:23 2002\n\nx\n",
            "From a Thu Aug 22 12:36:23 2002\nS: 1\n\none\nFrom b Thu Aug 22 12:36:23 2002\nS: 2\nFrom c\n",
            "\u{FEFF}From a\nS: 1\n\none\n\nFrom b\nS: 2\n", "\u{FEFF}\nFrom a\nS: 1\n", "\u{FEFF}",
            "From a\nS: 1\n\n\u{FEFF}From b\n",
        ])
    func anMboxIsCutAsIfItWereHeldWhole(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = Mbox.messages(in: bytes.span, separators: .likeTheFirst).map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
        for piece in 1...bytes.count {
            #expect(cut(text, piece: piece, MboxCutter(limit: 1000)) == whole, "pieces of \(piece)")
        }
    }

    @Test func linesInFrontOfTheFirstMessageArePassedOver() {
        let text = "x\nFrom b\n\nFrom a Thu Aug 22 12:36:23 2002\nS: 1\n\nFrom c\n"
        for piece in 1...text.utf8.count {
            #expect(cut(text, piece: piece, MboxCutter(limit: 1000)) == ["S: 1\n\nFrom c\n"], "pieces of \(piece)")
        }
    }

    @Test func ofAMessageThatIsTooLargeNothingIsKept() {
        let text = "From a\n12345678\n\nFrom b\n123456789\n\nFrom c\n1\n"
        for piece in [1, 7, 100] {
            #expect(cut(text, piece: piece, MboxCutter(limit: 10)) == ["12345678\n", "(too large)", "1\n"])
        }
        #expect(cut("12345678", piece: 3, SingleMessage(limit: 8)) == ["12345678"])
        #expect(cut("123456789", piece: 3, SingleMessage(limit: 8)) == ["(too large)"])
    }

    private static func mbx(_ rest: String) -> String {
        "*mbx*\r\n" + String(repeating: " ", count: 2041) + rest
    }

    @Test func mailboxesOfImapServers() {
        let text = Self.mbx(
            "19-Aug-2002 09:39:26 -0700,5;000000000000-00000001\r\nS: 1\n"
                + "19-Aug-2002 09:39:26 -0700,0;000000000000-00000002\r\n"
                + "19-Aug-2002 09:39:26 -0700,4;000000000000-00000003\r\nS: 3")
        for piece in [1, 2, 3, 50, 2048, 10_000] {
            #expect(cut(text, piece: piece, MbxCutter(limit: 5)) == ["S: 1\n", "", "S: 3"])
        }
        #expect(cut(text, piece: 64, MbxCutter(limit: 4)) == ["(too large)", "", "S: 3"])
        #expect(cut(Self.mbx(""), piece: 64, MbxCutter(limit: 4)).isEmpty)
    }

    @Test(
        arguments: [
            "19-Aug-2002,9;0-1\r\nS: 1\n", "19-Aug-2002,x;0-1\r\nS: 1\n", "19-Aug-2002,-5;0-1\r\nS: 1\n", "nothing\n",
            "19-Aug-2002,5", String(repeating: "x", count: 600),
        ])
    func damageIsSaid(_ rest: String) {
        #expect(cut(Self.mbx(rest), piece: 100, MbxCutter(limit: 100)) == ["(damaged)"])
        #expect(cut("*mbx*", piece: 100, MbxCutter(limit: 100)) == ["(damaged)"])
    }
}
