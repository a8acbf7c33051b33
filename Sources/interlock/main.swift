import Commands

await InterlockCommand.start()
