internal import Bytes

/// Recognises batch files, and texts with commands of Windows that fetch or start something, as cmd.exe reads them.
enum BatchText {
    /// Lines that are looked at for how a batch file begins.
    private static let firstLines = 100

    /// A command, and what behind it on the same line makes it fetch or start something. In the form that `plain` makes:
    /// lower case, one blank between words, without carets, quotes and `.exe`.
    private static let commands: [(name: StaticString, words: [StaticString])] = [
        ("certutil", [" -urlcache", " /urlcache", " -decode", " /decode", " -verifyctl", " /verifyctl"]),
        ("bitsadmin", [" /transfer", " /addfile", " /create"]),
        ("mshta", [" http", " vbscript:", " javascript:", " \\\\"]),
        ("regsvr32", [" /s", " -s", " /i:", " -i:"]),
        ("rundll32", [" javascript:", " http", " \\\\", " url.dll", "fileprotocolhandler"]),
        ("schtasks", [" /create", " -create"]),
        ("msiexec", [" http:", " https:", " \\\\"]),
        ("wmic", [" process call create"]),
        ("forfiles", [" /c"]), ("pcalua", [" -a"]), ("%comspec%", [" /c", "/c", " /k", "/k"]),
        ("vssadmin", [" delete"]),
    ]

    /// True when the text has such a command, or begins as only batch files do.
    static func matches(_ text: Span<UInt8>) -> Bool {
        if begins(text) { return true }
        let plain = plain(text)
        let line = plain.span
        return commands.contains { hasCommand($0.name, $0.words, in: line) } || hasShell(line) || hasStart(line)
            || hasDownload(line)
    }

    // MARK: Its commands

    /// The text in one form: what cmd.exe drops or takes for a blank.
    private static func plain(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            // Nearly all of most texts.
            if 0x61...0x7A ~= byte {
                out.append(byte)
                continue
            }
            switch byte {
            // The sign that quotes another, and at the end of a line the line end.
            case 0x5E:
                if text.hasBytes([0x0D, 0x0A], at: index) {
                    index += 2
                } else if text.hasBytes([0x0A], at: index) {
                    index += 1
                }
            case 0x22: break
            case 0x20, 0x09, 0x2C, 0x3B, 0x3D:
                if out.last != 0x20 { out.append(0x20) }
            case 0x2E where text.hasPrefix(ignoringCase: "exe", from: index) && !isWord(text, index + 3): index += 3
            default: out.append(asciiLower(byte))
            }
        }
        return out
    }

    private static func isWord(_ text: Span<UInt8>, _ place: Int) -> Bool {
        guard place >= 0, place < text.count else { return false }
        let byte = text[place]
        return isLetter(text, place) || 0x41...0x5A ~= byte || 0x30...0x39 ~= byte || byte == 0x5F || byte >= 0x80
    }

    /// Calls `holds` with what stands behind each `name` on its line, until it is true. Where it is false no other `name` of the
    /// line is looked at, which has less behind it: a line may be nothing but names.
    /// - Parameter holds: nil when this is not the command.
    private static func any(_ name: StaticString, in text: Span<UInt8>, _ holds: (Range<Int>) -> Bool?) -> Bool {
        var (from, end) = (0, 0)
        while let place = text.firstIndex(of: name, from: from) {
            from = place + name.utf8CodeUnitCount
            guard !isWord(text, place - 1) else { continue }
            if end < from { end = text.firstIndex(of: 0x0A, from: from) ?? text.count }
            switch holds(from..<end) {
            case true?: return true
            case false?: from = end
            case nil: continue
            }
        }
        return false
    }

    private static func has(_ word: StaticString, in range: Range<Int>, of text: Span<UInt8>) -> Bool {
        text.extracting(range).firstIndex(of: word) != nil
    }

    private static func hasCommand(_ name: StaticString, _ words: [StaticString], in text: Span<UInt8>) -> Bool {
        any(name, in: text) { rest in
            isWord(text, rest.lowerBound) ? nil : words.contains { has($0, in: rest, of: text) }
        }
    }

    /// `cmd /c`, `cmd /q /k`, `powershell -nop`: a switch behind the name. `Cmd/C` within a text is a key.
    private static func hasShell(_ text: Span<UInt8>) -> Bool {
        let isCommand = any("cmd", in: text) { rest in
            let hasBlank = text.hasBytes([0x20], at: rest.lowerBound)
            guard hasBlank || isCommandPlace(text, rest.lowerBound - 4) else { return nil }
            let sign = rest.lowerBound + (hasBlank ? 1 : 0)
            let isSwitch = text.hasBytes([0x2F], at: sign) && isLetter(text, sign + 1) && !isWord(text, sign + 2)
            return isSwitch ? true : nil
        }
        if isCommand { return true }
        return (["powershell", "pwsh"] as [StaticString]).contains { name in
            any(name, in: text) { rest in
                let isSwitch =
                    text.hasBytes([0x20], at: rest.lowerBound)
                    && (text.hasBytes([0x2D], at: rest.lowerBound + 1)
                        || text.hasBytes([0x2F], at: rest.lowerBound + 1))
                    && isLetter(text, rest.lowerBound + 2)
                return isSwitch ? true : nil
            }
        }
    }

    private static func isLetter(_ text: Span<UInt8>, _ place: Int) -> Bool {
        place < text.count && 0x61...0x7A ~= text[place]
    }

    /// `start` as a command, for something in the background or on another machine.
    private static func hasStart(_ text: Span<UInt8>) -> Bool {
        any("start", in: text) { rest in
            guard isCommandPlace(text, rest.lowerBound - 6) else { return nil }
            return ([" /b ", " /min ", " \\\\"] as [StaticString]).contains { has($0, in: rest, of: text) }
        }
    }

    /// `curl` or `wget` of an address, and a start of something behind it.
    private static func hasDownload(_ text: Span<UInt8>) -> Bool {
        (["curl", "wget"] as [StaticString]).contains { name in
            any(name, in: text) { rest in
                guard has(" http", in: rest, of: text), let next = text.extracting(rest).firstIndex(of: 0x26) else {
                    return false
                }
                return any("start", in: text.extracting(rest.lowerBound + next..<rest.upperBound)) { _ in true }
            }
        }
    }

    /// A command may begin behind this place: the line begins there, or a sign that parts commands or steps of a path stands
    /// there, blanks between or not.
    private static func isCommandPlace(_ text: Span<UInt8>, _ last: Int) -> Bool {
        var place = last
        while place >= 0, text[place] == 0x20 { place -= 1 }
        return place < 0 || [0x0A, 0x0D, 0x26, 0x7C, 0x28, 0x40, 0x5C].contains(text[place])
    }

    // MARK: How it begins

    /// Commands of one line that batch files begin with, and nobody writes in a text: alone on the line.
    private static let alone: [StaticString] = [
        "echo off", "cls", "setlocal", "setlocal enabledelayedexpansion", "setlocal enableextensions",
        "setlocal enableextensions enabledelayedexpansion", "setlocal disabledelayedexpansion",
    ]
    /// Commands behind which these may stand as well.
    private static let before: [StaticString] = ["title ", "color ", "chcp ", "mode ", "prompt "]

    /// True when a line that begins a batch file stands among the first, behind comments, labels and what sets the window.
    private static func begins(_ text: Span<UInt8>) -> Bool {
        var start = ScriptText.firstSign(text)
        for _ in 0..<firstLines where start < text.count {
            let end = text.firstIndex(of: 0x0A, from: start) ?? text.count
            let plain = plain(text.extracting(start..<end))
            var command = plain.drop { $0 == 0x40 || $0 == 0x20 || $0 == 0x28 }
            while let last = command.last, last <= 0x20 { command.removeLast() }
            if let part = command.firstIndex(where: { $0 == 0x26 || $0 == 0x3E || $0 == 0x7C }) {
                command = command[..<part]
                while command.last == 0x20 { command.removeLast() }
            }
            if alone.contains(where: { isEqual(command, $0) }) { return true }
            let isPassed =
                command.isEmpty || command.first == 0x3A || ScriptText.isRemark(command)
                || before.contains { begins(command, $0) }
            guard isPassed else { return false }
            start = end + 1
        }
        return false
    }

    private static func isEqual(_ line: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
        line.count == word.utf8CodeUnitCount && begins(line, word)
    }

    private static func begins(_ line: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
        word.withUTF8Buffer { line.starts(with: $0) }
    }
}
