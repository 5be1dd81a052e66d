internal import Digests
internal import Glibc
package import Linux

/// Links of digests that did what they are for, or need not any more: none does it twice. An empty file stands for each, named by a digest
/// of what the link was for; it is there as a whole or not at all, and on the disk when `add` returns.
package struct RedeemedLinks: Sendable {
    /// What a link is for.
    package struct Link: Sendable {
        fileprivate let name: String

        /// - Parameter recipient: in the form in which addresses are looked up.
        package init(id: String, recipient: [UInt8], action: String) {
            let text = Array("\(action)\n\(id)\n".utf8) + recipient
            name = hexadecimal(text.withUnsafeBytes { SHA256.digest($0) })
        }
    }

    private let directory: String

    /// - Parameter directory: made when the first one is added.
    package init(directory: String) {
        self.directory = directory
    }

    /// True for a link that was added. Blocks on a disk.
    package func contains(_ link: Link) -> Bool {
        BlockingCheck.mayBlock("redeemed links")
        return access("\(directory)/\(link.name)", F_OK) == 0
    }

    /// Adds links. Blocks on a disk.
    package func add(_ links: [Link]) throws(SystemError) {
        BlockingCheck.mayBlock("redeemed links")
        try makeDurableDirectory(directory)
        for link in links { _ = try Descriptor.open("\(directory)/\(link.name)", O_WRONLY | O_CREAT | O_NOFOLLOW) }
        try synchronizeDirectory(directory)
    }

    /// Forgets links that were added before `time` (Unix time). Blocks on a disk.
    package func forget(before time: Int) throws(SystemError) {
        guard access(directory, F_OK) == 0 else { return }
        for name in try directoryNames(directory) where name.utf8.count == 64 {
            var status = stat()
            guard lstat("\(directory)/\(name)", &status) == 0, Int(status.st_mtim.tv_sec) < time else { continue }
            unlink("\(directory)/\(name)")
        }
    }
}
