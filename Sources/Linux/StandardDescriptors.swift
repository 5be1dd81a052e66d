internal import Glibc

/// Standard input, output and error.
package enum StandardDescriptors {
    /// Takes the places of those that are closed, as some crontabs and daemons start programs: a file that is opened later would get one
    /// of them, and what is printed would be written into it, be it a database. What uses them finds them unusable, as they were. To be
    /// called before anything is opened.
    package static func occupy() {
        // The lowest number that is free is given out. One that cannot be taken leaves no way to say so, nor to go on safely.
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
            guard open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) == descriptor else {
                _exit(EX_OSERR)
            }
        }
    }
}
