internal import Inspector

Zygote.main()
