internal import Bytes

/// Code that another program runs, and settings that make Windows or macOS do something: text forms that their words tell.
extension FileType {
    static let windowsScript = FileType(
        "wsh", "text/x-windows-script", "script for Windows (JScript, VBScript)", .plain,
        recognised: "objects of Windows Script Host in the first 65,536 octets of a text")
    static let powerShell = FileType(
        "ps1", "text/x-powershell", "PowerShell script", .plain,
        recognised: "commands that load or run code in the first 65,536 octets of a text")
    static let remoteDesktop = FileType(
        "rdp", "application/x-rdp", "Remote Desktop file", .plain, recognised: "a line `full address:s:`")
    static let setupInformation = FileType(
        "inf", "application/x-setupscript", "setup information", .plain,
        recognised: "`[Version]` first and a line `Signature`, or both anywhere and `$Chicago$` or `$Windows NT$`")
    static let managementConsole = FileType(
        "msc", "application/x-ms-msc", "management console", .plain, recognised: "`<MMC_ConsoleFile`")
    static let webStart = FileType(
        "jnlp", "application/x-java-jnlp-file", "Java Web Start", .plain, recognised: "`<jnlp`")
    static let clickOnce = FileType(
        "clickonce", "application/x-ms-application", "ClickOnce installation or shortcut", .plain,
        recognised: "an `assembly` with a `deployment`; an address with `.application#` and `Culture=`")
    static let commandDefinition = FileType(
        "cdxml", "application/x-powershell-cdxml", "definition of PowerShell commands", .plain,
        recognised: "`<PowerShellMetadata`")
    package static let webLocation = FileType(
        "webloc", "application/x-webloc", "macOS shortcut", .plain, recognised: "a property list with the key `URL`")
    static let dalvik = FileType(
        "dex", "application/vnd.android.dex", "Android code", .plain, recognised: "`dex` and a version")
    static let pythonCode = FileType(
        "pyc", "application/x-bytecode.python", "compiled Python", .plain,
        recognised: "a version, `0D 0A`, and flags (PEP 552)")
    static let appleScript = FileType(
        "scpt", "application/x-applescript", "compiled AppleScript", .plain, recognised: "`FasdUAS`")

    static let active: [FileType] = [
        windowsScript, powerShell, remoteDesktop, setupInformation, managementConsole, webStart, clickOnce,
        webLocation, commandDefinition, dalvik, pythonCode, appleScript,
    ]
}

/// Recognises them.
enum ScriptText {
    /// Octets in which lines are looked for: honest files have what makes them so in their first lines.
    static let lines = 4096

    /// What a script for Windows cannot do without, to do harm. In lower case.
    private static let objects: [StaticString] = [
        "wscript.shell", "wscript.createobject", "new activexobject(", "scripting.filesystemobject", "adodb.stream",
        "msxml2.xmlhttp", "shell.application\"", "winmgmts:",
        "wscript.echo", "wscript.sleep", "wscript.quit", "wscript.arguments",
    ]
    private static let commands: [StaticString] = [
        "net.webclient", "invoke-expression", "iex(", "iex (", "invoke-webrequest", "start-bitstransfer",
        "[convert]::frombase64string", "[system.convert]::frombase64string", "set-executionpolicy",
        "powershell -e", "powershell.exe -", "-executionpolicy bypass", "[reflection.assembly]::load",
        "downloadstring(", "downloadfile(", "-windowstyle hidden", "new-object -com", "invoke-restmethod",
        "add-mppreference",
    ]
    /// Types of a text by the lines and words in it.
    static func types(of text: Span<UInt8>) -> [FileType] {
        var small: [UInt8] = []
        small.reserveCapacity(text.count)
        for index in text.indices { small.append(asciiLower(text[index])) }
        var found = settings(text)
        if objects.contains(where: { small.span.firstIndex(of: $0) != nil }) { found.append(.windowsScript) }
        if commands.contains(where: { small.span.firstIndex(of: $0) != nil }) { found.append(.powerShell) }
        if BatchText.matches(text) { found.append(.batch) }
        return found
    }

    /// Words that settings cannot do without, each kind one of them: most content has none, which is found out at once.
    private static let settingsWords = SequenceSet(words: [
        "[internetshortcut]", "full address:s:", "[theme]", "[service list]", "[internet account list]", "[shell]",
        ".application#",
    ])

    /// Types of settings, by their lines.
    static func settings(_ text: Span<UInt8>) -> [FileType] {
        let head = text.extracting(0..<min(text.count, lines))
        let sections = text.extracting(0..<min(text.count, setup))
        guard settingsWords.firstPlace(in: head) != nil || sections.firstIndex(ignoringCase: "[version]") != nil
        else { return [] }
        var found: [FileType] = []
        if hasLine(head, "[internetshortcut]") { found.append(.internetShortcut) }
        if hasLine(head, "full address:s:") { found.append(.remoteDesktop) }
        let start = firstLine(head)
        if head.hasPrefix(ignoringCase: "[Version]", from: start), hasLine(head, "signature") {
            found.append(.setupInformation)
        } else if isSetupInformation(sections) {
            found.append(.setupInformation)
        }
        return found + SettingsText.types(of: head)
    }

    /// Octets in which the sections of setup information are looked for: they have no order.
    private static let setup = 65_536
    private static func isSetupInformation(_ text: Span<UInt8>) -> Bool {
        hasLine(text, "[version]") && hasLine(text, "signature") && setupSignatures.firstPlace(in: text) != nil
    }

    /// What Windows wants to find in them.
    private static let setupSignatures = SequenceSet(words: ["$chicago$", "$windows nt$", "$windows 95$"])

    /// A batch file that says nothing of what it does: `@echo off`, with any of what separates words for cmd.exe.
    static func isSilent(_ head: Span<UInt8>, at start: Int) -> Bool {
        guard head.hasBytes([0x40], at: start) else { return false }
        let command = skip(head, from: start, over: [0x40, 0x20, 0x09, 0x2C, 0x3B, 0x3D, 0x28])
        guard head.hasPrefix(ignoringCase: "echo", from: command) else { return false }
        let word = skip(head, from: command + 4, over: [0x20, 0x09, 0x2C, 0x3B, 0x3D])
        guard word > command + 4, head.hasPrefix(ignoringCase: "off", from: word) else { return false }
        return word + 3 >= head.count || !isLetterOrDigit(head[word + 3])
    }

    private static func skip(_ head: Span<UInt8>, from start: Int, over signs: [UInt8]) -> Int {
        var place = start
        while place < head.count, signs.contains(head[place]) { place += 1 }
        return place
    }

    /// Where the first line begins that is no comment and not blank: what reads such files passes over those.
    static func firstLine(_ head: Span<UInt8>) -> Int {
        var start = firstSign(head)
        while start < head.count {
            if head[start] <= 0x20 {
                start += 1
                continue
            }
            guard isComment(head, at: start), let end = head.firstIndex(of: 0x0A, from: start) else { return start }
            start = end + 1
        }
        return start
    }

    /// Behind a byte order mark and blanks.
    static func firstSign(_ head: Span<UInt8>) -> Int {
        var start = head.hasBytes([0xEF, 0xBB, 0xBF], at: 0) ? 3 : 0
        while start < head.count, head[start] <= 0x20 { start += 1 }
        return start
    }

    /// Of settings, of batch files, of scripts.
    private static let comments: [StaticString] = [";", "#", "::", "'"]

    /// `rem` is a comment with anything behind it that does not make it another word.
    private static func isComment(_ head: Span<UInt8>, at start: Int) -> Bool {
        if comments.contains(where: { head.hasPrefix(ignoringCase: $0, from: start) }) { return true }
        let word = skip(head, from: start, over: [0x40, 0x20, 0x09])
        guard head.hasPrefix(ignoringCase: "rem", from: word), word + 3 < head.count else { return false }
        return !isLetterOrDigit(head[word + 3])
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || byte >= 0x80
    }

    /// The same of one command in lower case.
    static func isRemark(_ command: ArraySlice<UInt8>) -> Bool {
        command.starts(with: [0x72, 0x65, 0x6D]) && command.dropFirst(3).first.map { !isLetterOrDigit($0) } ?? true
    }

    /// A line begins like this, behind a byte order mark and blanks, with letters of either case.
    /// - Parameters:
    ///   - word: in lower case.
    ///   - fits: is given where the word ends.
    static func hasLine(_ head: Span<UInt8>, _ word: StaticString, _ fits: (Int) -> Bool = { _ in true }) -> Bool {
        var from = 0
        while let place = head.firstIndex(ignoringCase: word, from: from) {
            from = place + 1
            if beginsLine(head, place), fits(place + word.utf8CodeUnitCount) { return true }
        }
        return false
    }

    /// A line has this key, an equals sign and what `fits`; Windows compares keys without case and passes over blanks.
    /// - Parameters:
    ///   - key: in lower case.
    ///   - fits: is given where the value begins, behind blanks.
    static func hasKey(_ head: Span<UInt8>, _ key: StaticString, _ fits: (Int) -> Bool = { _ in true }) -> Bool {
        hasLine(head, key) { end in
            let equals = skip(head, from: end, over: [0x20, 0x09])
            return head.hasBytes([0x3D], at: equals) && fits(skip(head, from: equals + 1, over: [0x20, 0x09]))
        }
    }

    private static func beginsLine(_ head: Span<UInt8>, _ place: Int) -> Bool {
        var start = place
        while start > 0, head[start - 1] == 0x20 || head[start - 1] == 0x09 { start -= 1 }
        // Windows takes either octet for the end of a line.
        if start == 0 || head[start - 1] == 0x0A || head[start - 1] == 0x0D { return true }
        return start == 3 && head.hasBytes([0xEF, 0xBB, 0xBF], at: 0)
    }
}

extension TextChecks {
    /// A line `begin`, a mode of three or four digits and a name, behind blank lines (POSIX uuencode).
    static func isUUEncoded(_ head: Span<UInt8>) -> Bool {
        var start = 0
        while start < head.count, head[start] <= 0x20 { start += 1 }
        for word in ["begin ", "begin-base64 "] as [StaticString] where head.hasPrefix(ignoringCase: word, from: start)
        {
            var place = start + word.utf8CodeUnitCount
            let digits = place
            while place < head.count, 0x30...0x37 ~= head[place] { place += 1 }
            return 3...7 ~= place - digits && place < head.count && head[place] == 0x20
        }
        return false
    }
}

extension StructureChecks {
    /// The head of compiled Python (PEP 552): a version of 3.x, which ends with a line end, and flags.
    static func isPythonCode(_ content: Span<UInt8>) -> Bool {
        guard content.count >= 16, content[2] == 0x0D, content[3] == 0x0A, 0x0C...0x0F ~= content[1],
            let flags = content.littleEndian32(at: 4)
        else { return false }
        return flags < 4
    }
}
