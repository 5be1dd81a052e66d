internal import Checks
internal import CRegex

/// One compiled regexp pattern: the C library's `regcomp(3)`, in the C locale, as Postfix uses it. Its matches are the
/// leftmost and longest, which no Perl-compatible engine gives.
final class POSIXPattern {
    private let compiled: UnsafeMutablePointer<regex_t>
    /// Capturing groups.
    let groups: Int

    /// The C locale: the process may have another, in which `.` means a character of more than one octet.
    private let locale = cregex_c_locale()

    private static func with<Result>(_ locale: locale_t?, _ body: () -> Result) -> Result {
        guard let locale else { return body() }
        let previous = uselocale(locale)
        defer { _ = uselocale(previous) }
        return body()
    }

    /// - Parameter capturing: false saves the work of finding groups.
    init(_ pattern: PatternText, capturing: Bool) throws(PatternError) {
        var flags: Int32 = 0
        if pattern.flags.contains(.extended) { flags |= REG_EXTENDED }
        if pattern.flags.contains(.caseless) { flags |= REG_ICASE }
        if pattern.flags.contains(.multiline) { flags |= REG_NEWLINE }
        if !capturing { flags |= REG_NOSUB }
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        compiled.initialize(to: regex_t())
        let text = pattern.bytes + [0]
        let code = Self.with(locale) {
            text.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes -> Int32 in
                    guard let base = bytes.baseAddress else { return cregex_out_of_memory }
                    return regcomp(compiled, base, flags)
                }
            }
        }
        guard code == 0 else {
            let words = Self.words(code, compiled)
            compiled.deallocate()
            throw PatternError(text: words)
        }
        self.compiled = compiled
        groups = Int(compiled.pointee.re_nsub)
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    private static func words(_ code: Int32, _ pattern: UnsafeMutablePointer<regex_t>) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        regerror(code, pattern, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Matches a text.
    /// - Parameters:
    ///   - subject: ends with a NUL that does not belong to it.
    ///   - ranges: gets the groups up to `wanted`, when that is above 0.
    func match(_ subject: Span<UInt8>, wanted: Int, _ ranges: inout [Range<Int>?]) -> MatchResult {
        var found = [regmatch_t](repeating: regmatch_t(), count: wanted > 0 ? wanted + 1 : 0)
        let code = Self.with(locale) {
            subject.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes -> Int32 in
                    guard let base = bytes.baseAddress else { return cregex_no_match }
                    return regexec(compiled, base, found.count, &found, 0)
                }
            }
        }
        if code == cregex_no_match { return .noMatch }
        guard code == 0 else { return .failed(Self.words(code, compiled)) }
        ranges = found.map { $0.rm_so >= 0 ? Int($0.rm_so)..<Int($0.rm_eo) : nil }
        return .match
    }
}
