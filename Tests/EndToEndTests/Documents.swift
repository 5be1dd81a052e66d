import Foundation
import TestSupport
import Testing

/// What docs/ tells readers to copy.
enum Documents {
    /// The fenced block that begins with this line, of one page.
    static func block(_ first: String, of page: String) throws -> String {
        let text = try String(contentsOfFile: Programs.package + "/docs/\(page)", encoding: .utf8)
        let fenced = text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }
        let blocks = fenced.map { $0.element.drop { $0 != "\n" }.dropFirst() }.filter { $0.hasPrefix(first + "\n") }
        try #require(blocks.count == 1, "\(page) has \(blocks.count) blocks that begin with \(first)")
        return String(blocks[0])
    }
}
