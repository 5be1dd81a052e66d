internal import Bytes

/// What a next hop announced in its reply to EHLO or LHLO.
package struct ServerCapabilities: Hashable, Sendable {
    /// RFC 2920.
    package var pipelining = false
    /// RFC 1870; `SIZE` was announced.
    package var size = false
    /// Octets announced with SIZE; nil when none or 0 (no fixed limit).
    package var maximumSize: Int?
    /// RFC 6152.
    package var eightBitMIME = false
    /// RFC 6531.
    package var smtputf8 = false
    /// RFC 3461.
    package var dsn = false
    /// RFC 3207.
    package var startTLS = false
    /// XFORWARD attributes; empty when XFORWARD was not announced.
    package var xforward: XForward.Attributes = []

    /// A peer that knows HELO only.
    package init() {}

    /// Reads the lines of an EHLO reply; the first one is the peer's name and greeting.
    package init(texts: [ArraySlice<UInt8>]) {
        for text in texts.dropFirst() {
            let keyword = text.prefix { $0 != 0x20 && $0 != 0x3D }
            let argument = text.dropFirst(keyword.count + 1).trimmed
            if equalIgnoringCase(keyword, "PIPELINING") {
                pipelining = true
            } else if equalIgnoringCase(keyword, "SIZE") {
                size = true
                let limit = Int(String(decoding: argument, as: UTF8.self)) ?? 0
                maximumSize = limit > 0 ? limit : nil
            } else if equalIgnoringCase(keyword, "8BITMIME") {
                eightBitMIME = true
            } else if equalIgnoringCase(keyword, "SMTPUTF8") {
                smtputf8 = true
            } else if equalIgnoringCase(keyword, "DSN") {
                dsn = true
            } else if equalIgnoringCase(keyword, "STARTTLS") {
                startTLS = true
            } else if equalIgnoringCase(keyword, "XFORWARD") {
                xforward = XForward.Attributes(announcement: argument)
            }
        }
    }
}
