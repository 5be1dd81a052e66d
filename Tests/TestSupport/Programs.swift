internal import Foundation
internal import Glibc

/// The programs of this build and the files of the package that tests need.
package enum Programs {
    /// Where the programs lie: beside the running test program.
    package static let directory: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    }()

    /// Path of a program of this build.
    package static func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The package's folder.
    package static let package: String = {
        let here = URL(fileURLWithPath: #filePath)
        return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// Path of a program of the system: what `make test-deps` unpacked, or what is installed; nil when it is nowhere.
    package static func peer(_ name: String) -> String? {
        let places = [package + "/build/tools/scanners/usr", "/usr"].flatMap { ["\($0)/sbin", "\($0)/bin"] }
        return places.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The shipped test signatures.
    package static var signatures: String { package + "/rules/signatures/mailreeve-test.ndb" }

    /// Started as root: the gateway then becomes `serviceUser`.
    package static var isRoot: Bool { geteuid() == 0 }

    /// The unprivileged user of test gateways: `nobody` for root, otherwise whoever runs the tests.
    package static let serviceUser: (name: String, user: UInt32, group: UInt32) = {
        guard isRoot, let found = getpwnam("nobody") else { return ("nobody", geteuid(), getegid()) }
        return ("nobody", found.pointee.pw_uid, found.pointee.pw_gid)
    }()
}
