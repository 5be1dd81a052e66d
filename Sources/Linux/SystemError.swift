internal import Glibc

/// A system call that failed: which one and with what `errno`.
package struct SystemError: Error, Hashable, CustomStringConvertible {
    /// The call, with what it was about: `open /var/lib/mailreeve`.
    package let call: String
    /// `errno` right after the call.
    package let code: Int32
    /// What `getaddrinfo(3)` returned; 0 for other calls.
    private let resolver: Int32

    package init(_ call: String, code: Int32) {
        self.init(call, code: code, resolver: 0)
    }

    /// - Parameter resolver: what `getaddrinfo(3)` returned.
    package init(_ call: String, resolver: Int32) {
        self.init(call, code: EADDRNOTAVAIL, resolver: resolver)
    }

    private init(_ call: String, code: Int32, resolver: Int32) {
        self.call = call
        self.code = code
        self.resolver = resolver
    }

    /// There is no room left in the file system.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT }

    package var description: String {
        "\(call): " + (resolver == 0 ? String(cString: strerror(code)) : String(cString: gai_strerror(resolver)))
    }
}

/// Runs a call that returns -1 on failure, again on EINTR. The one place where `errno` is read.
@discardableResult
package func check<Result: SignedInteger>(
    _ what: @autoclosure () -> String, _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code == EINTR { continue }
        throw SystemError(what(), code: code)
    }
}
