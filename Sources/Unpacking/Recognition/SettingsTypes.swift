internal import Bytes

/// Files of settings with which Windows starts or loads something, beside those of `ScriptTypes`.
extension FileType {
    static let programInformation = FileType(
        "pif", "application/x-pif", "Windows program information (PIF)", .plain,
        recognised: "`MICROSOFT PIFEX` behind its first 369 octets")
    static let task = FileType(
        "job", "application/x-ms-task", "Windows task", .plain,
        recognised: "versions, offsets and the name of its program (MS-TSCH section 2.4)")
    static let theme = FileType(
        "theme", "application/x-ms-theme", "Windows theme", .plain,
        recognised: "lines `[Theme]` and `[MasterThemeSelector]`, `[VisualStyles]` or `[Control Panel\\`")
    static let outlookProfile = FileType(
        "prf", "application/x-outlook-profile", "Outlook profile", .plain,
        recognised: "lines `ProfileName=` and `[Service List]` or `[Internet Account List]`")
    static let dataLink = FileType(
        "udl", "application/x-ms-udl", "data link", .plain, recognised: "`[oledb]` first")
    static let sandbox = FileType(
        "wsb", "application/x-ms-sandbox", "Windows Sandbox", .plain, recognised: "`<LogonCommand`")
    static let appInstaller = FileType(
        "appinstaller", "application/appinstaller", "App Installer file", .plain, recognised: "`<AppInstaller`")

    static let settings: [FileType] = [
        programInformation, task, theme, outlookProfile, dataLink, sandbox, appInstaller,
    ]
}

/// Recognises those that are text in lines.
enum SettingsText {
    /// Types of a text by lines in its head.
    static func types(of head: Span<UInt8>) -> [FileType] {
        var found: [FileType] = []
        if ScriptText.hasLine(head, "[theme]"),
            themeSections.contains(where: { ScriptText.hasLine(head, $0) })
        {
            found.append(.theme)
        }
        if ScriptText.hasLine(head, "[service list]") || ScriptText.hasLine(head, "[internet account list]"),
            ScriptText.hasKey(head, "profilename")
        {
            found.append(.outlookProfile)
        }
        if isExplorerCommand(head) { found.append(.explorerCommand) }
        if isClickOnceReference(head) { found.append(.clickOnce) }
        return found
    }

    /// What Explorer takes from it: an icon, a command of the taskbar, or the number of a command. Others have a section
    /// called Shell, too, with a command that is a program.
    private static func isExplorerCommand(_ head: Span<UInt8>) -> Bool {
        guard ScriptText.hasLine(head, "[shell]") else { return false }
        if ScriptText.hasLine(head, "[taskbar]") || ScriptText.hasKey(head, "iconfile") { return true }
        return ScriptText.hasKey(head, "command") { value in
            var end = value
            while end < head.count, 0x30...0x39 ~= head[end] { end += 1 }
            return end > value && (end == head.count || head[end] <= 0x20)
        }
    }

    /// The address of an application, its name and its culture, in one line (`.appref-ms`).
    private static func isClickOnceReference(_ head: Span<UInt8>) -> Bool {
        let word: StaticString = ".application#"
        var from = word.utf8CodeUnitCount - 1
        while let sign = head.firstIndex(of: 0x23, from: from) {
            from = sign + 1
            guard head.hasPrefix(ignoringCase: word, from: sign + 1 - word.utf8CodeUnitCount) else { continue }
            let end = head.firstIndex(of: 0x0A, from: sign) ?? head.count
            return (sign..<end).contains { head.hasPrefix(ignoringCase: "culture=", from: $0) }
        }
        return false
    }

    private static let themeSections: [StaticString] = [
        "[masterthemeselector]", "[visualstyles]", "[control panel\\",
    ]
}

extension StructureChecks {
    /// The fixed part of a task of Windows (MS-TSCH section 2.4.1), and the name of its program behind it (2.4.2.2): its
    /// length in characters, and UTF-16 that ends with a NUL.
    static func isTask(_ content: Span<UInt8>) -> Bool {
        guard content.count > 74, let product = content.littleEndian16(at: 0), products.contains(product >> 8),
            content.littleEndian16(at: 2) == 1, content.littleEndian16(at: 20) == 70,
            let trigger = content.littleEndian16(at: 22), let length = content.littleEndian16(at: 70)
        else { return false }
        let end = 72 + 2 * Int(length)
        return length > 0 && Int(trigger) >= end && content.littleEndian16(at: end - 2) == 0
    }

    /// Versions of Windows that write tasks, NT 4 to 10, without their second number, which nobody looks at.
    private static let products: Set<UInt16> = [4, 5, 6, 10]
}
