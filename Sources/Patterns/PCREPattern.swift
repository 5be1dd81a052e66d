internal import Checks
internal import CPCRE2

/// Why a pattern cannot be used, as Postfix words it behind file and line.
struct PatternError: Error {
    var text: String
}

/// One compiled pcre pattern (PCRE2, 8-bit, C locale), with machine code where PCRE2 can make it.
final class PCREPattern {
    private let code: OpaquePointer
    /// Capturing groups.
    let groups: Int
    /// False when only PCRE2's interpreter runs it.
    let isJIT: Bool

    init(_ pattern: PatternText) throws(PatternError) {
        var error: Int32 = 0
        var offset = 0
        let compiled = pattern.bytes.withUnsafeBufferPointer { bytes in
            // PCRE2 wants an address even for no bytes.
            let nothing: [UInt8] = [0]
            return nothing.withUnsafeBufferPointer { empty in
                pcre2_compile_8(
                    bytes.baseAddress ?? empty.baseAddress, bytes.count, Self.options(pattern.flags), &error, &offset,
                    nil)
            }
        }
        guard let compiled else {
            throw PatternError(text: "error in regex at offset \(offset): \(Self.words(error))")
        }
        code = compiled
        isJIT = pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE)) == 0
        var count: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        groups = Int(count)
    }

    deinit { pcre2_code_free_8(code) }

    private static func options(_ flags: PatternFlags) -> UInt32 {
        var options: UInt32 = 0
        let table: [(PatternFlags, UInt32)] = [
            (.caseless, PCRE2_CASELESS), (.multiline, PCRE2_MULTILINE), (.dotAll, PCRE2_DOTALL),
            (.extended, PCRE2_EXTENDED), (.anchored, PCRE2_ANCHORED), (.dollarEndOnly, PCRE2_DOLLAR_ENDONLY),
            (.ungreedy, PCRE2_UNGREEDY),
            (.unicode, PCRE2_UTF), (.unicodeClasses, PCRE2_UCP),
        ]
        for (flag, option) in table where flags.contains(flag) { options |= option }
        return options
    }

    private static func words(_ code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(code, &buffer, buffer.count)
        guard length > 0 else { return "unexpected pcre2 error code \(code)" }
        return String(decoding: buffer.prefix(Int(length)), as: UTF8.self)
    }

    /// Memory that matching needs; one for all patterns of a process, as matches follow each other.
    final class Workspace {
        fileprivate let data: OpaquePointer
        fileprivate let context: OpaquePointer
        private let stack: OpaquePointer?
        fileprivate let pairs: Int

        /// - Parameter groups: the most groups that any pattern has.
        init?(groups: Int, limits: PatternLimits) {
            pairs = groups + 1
            guard let data = pcre2_match_data_create_8(UInt32(clamping: pairs), nil) else { return nil }
            guard let context = pcre2_match_context_create_8(nil) else {
                pcre2_match_data_free_8(data)
                return nil
            }
            self.data = data
            self.context = context
            stack = pcre2_jit_stack_create_8(32_768, limits.jitStack, nil)
            pcre2_set_match_limit_8(context, UInt32(clamping: limits.matchSteps))
            pcre2_set_heap_limit_8(context, UInt32(clamping: limits.heapKiB))
            pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
        }

        deinit {
            pcre2_jit_stack_free_8(stack)
            pcre2_match_context_free_8(context)
            pcre2_match_data_free_8(data)
        }
    }

    /// Matches a text. Where machine code gives up, the interpreter tries: it has no such stack, and it counts the steps of
    /// a match as Postfix does, which never runs machine code, so that the limit means the same.
    func match(_ subject: Span<UInt8>, _ workspace: Workspace) -> MatchResult {
        var result = match(subject, workspace, options: 0)
        if isJIT, result == PCRE2_ERROR_JIT_STACKLIMIT || result == PCRE2_ERROR_MATCHLIMIT {
            result = match(subject, workspace, options: PCRE2_NO_JIT)
        }
        if result >= 0 { return .match }
        return result == PCRE2_ERROR_NOMATCH ? .noMatch : .failed(Self.words(result))
    }

    private func match(_ subject: Span<UInt8>, _ workspace: Workspace, options: UInt32) -> Int32 {
        subject.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else {
                var nothing: UInt8 = 0
                return pcre2_match_8(code, &nothing, 0, 0, options, workspace.data, workspace.context)
            }
            return pcre2_match_8(code, base, bytes.count, 0, options, workspace.data, workspace.context)
        }
    }

    /// Where the groups of the last match stand in its subject; the first is the match itself.
    func ranges(_ workspace: Workspace) -> [Range<Int>?] {
        guard let offsets = pcre2_get_ovector_pointer_8(workspace.data) else { return [] }
        var ranges: [Range<Int>?] = []
        for group in 0...min(groups, workspace.pairs - 1) {
            let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
            // A group that took no part has the largest number; `\K` in a lookahead can put the end before the start.
            ranges.append(start <= end && end < Int.max ? start..<end : nil)
        }
        return ranges
    }
}
