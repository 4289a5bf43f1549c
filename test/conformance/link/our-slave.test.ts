import { Cleanups } from '../../helpers/cleanups.ts'
import { TestCluster } from '../../helpers/cluster.ts'
import { Player } from './player.ts'
import { conversationFiles, readConversations } from './script.ts'

describe('The base dialect of the link, played against our master with our slave', () => {
  const cleanups = new Cleanups()
  let cluster: TestCluster
  before(async () => { cluster = await TestCluster.start(cleanups) })
  after(() => cleanups.run())

  for (const [name, file] of conversationFiles('conversations-with-our-slave')) {
    describe(name, () => {
      for (const conversation of readConversations(file)) {
        it(conversation.title, () => new Player(cleanups, cluster.url, cluster.token).play(conversation))
      }
    })
  }
})
