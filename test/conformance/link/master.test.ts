import { Cleanups } from '../../helpers/cleanups.ts'
import { Player } from './player.ts'
import { conversationFiles, readConversations } from './script.ts'

describe('The base dialect of the link, played against our master', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  for (const [name, file] of conversationFiles('conversations')) {
    describe(name, () => {
      for (const conversation of readConversations(file)) {
        it(conversation.title, async () => (await Player.start(cleanups)).play(conversation))
      }
    })
  }
})
