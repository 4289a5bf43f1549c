import { expect } from 'chai'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { startInstance } from '../../lib/link/messages/instances.ts'
import { Cleanups } from '../helpers/cleanups.ts'
import { TestCluster } from '../helpers/cluster.ts'
import { requireGame } from '../helpers/games.ts'
import { FakeProvider } from '../helpers/gateway.ts'

describe('the page of the gateway, in a browser', () => {
  const cleanups = new Cleanups()
  afterEach(() => cleanups.run())

  async function openPage(executablePath: string, url: string): Promise<{ page: Page; problems: string[] }> {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    cleanups.add(() => browser.close())
    const page = await browser.newPage()
    page.setDefaultTimeout(15_000)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()) })
    await page.goto(`${url}/gateway/console`)
    return { page, problems }
  }

  it('lists services, verifies, opens a console and sends a command', async function () {
    this.timeout(60_000)
    const executablePath = await requireGame(this, 'chromium')
    const provider = await FakeProvider.webSocket(cleanups)
    const cluster = await TestCluster.start(cleanups, { master: { 'gateway.enabled': true, 'gateway.providers': [{ name: 'elsewhere', url: provider.url }] } })
    const { id } = await cluster.create('arena')
    await cluster.api(startInstance, { instance_id: id, wait: true })
    const { page, problems } = await openPage(executablePath, cluster.url)

    await page.getByRole('navigation').getByRole('button', { name: 'elsewhere' }).waitFor()
    await page.getByRole('button', { name: 'arena' }).click()
    await page.getByLabel('Token or secret').fill('wrong')
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('That did not work: not verified').waitFor()
    await page.getByLabel('Token or secret').fill(cluster.token)
    await page.keyboard.press('Enter')
    await page.getByLabel('console', { exact: true }).check()
    await page.getByText('console: open').waitFor()
    expect(await page.getByLabel('Command').inputValue()).to.equal('send')
    await page.getByLabel('Argument').fill('say <b>hello</b> from a browser')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('log').getByText('<b>hello</b> from a browser').first().waitFor()
    expect(await page.getByRole('log').locator('b').count()).to.equal(0)

    expect(problems).to.deep.equal([])
    expect(await page.locator('input:not([id]):not([type=checkbox])').count()).to.equal(0)
  })

  it('is served with a policy that lets nothing in from elsewhere', async () => {
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'gateway.enabled': true } })
    for (const file of ['', '/console.js', '/console.css']) {
      const response = await fetch(`${cluster.url}/gateway/console${file}`)
      expect(response.status, file).to.equal(200)
      expect(response.headers.get('content-security-policy'), file).to.match(/^default-src 'none'/)
      expect(response.headers.get('x-content-type-options'), file).to.equal('nosniff')
      expect(await response.text(), file).to.not.match(/(src|href)="(?!\/gateway\/)|style=|onclick/)
    }
    expect((await fetch(`${cluster.url}/gateway/console/other`)).status).to.equal(404)
  })

  it('shows an external provider the proof and not the secret', async function () {
    this.timeout(60_000)
    const executablePath = await requireGame(this, 'chromium')
    const provider = await FakeProvider.webSocket(cleanups)
    const cluster = await TestCluster.start(cleanups, { slaves: [], master: { 'gateway.enabled': true, 'gateway.providers': [{ name: 'elsewhere', url: provider.url }] } })
    for (const subtype of [2, 3]) provider.answers.set(subtype, () => ({ ok: true, data: [{ id: 1, name: 'console' }] }))
    provider.answers.set(1, () => ({ ok: true, data: [], client: 'ann' }))
    const { page, problems } = await openPage(executablePath, cluster.url)
    await page.getByRole('button', { name: 'elsewhere' }).click()
    const { cn } = await provider.until(({ subtype }) => subtype === 0)
    provider.send({ type: 1, cn, subtype: 8, data: ['nonce'] })
    await page.getByText('Verify yourself to go on.').waitFor()
    await page.getByLabel('Token or secret').fill('hush')
    await page.getByRole('button', { name: 'Verify' }).click()
    const { answer } = await provider.until(({ subtype }) => subtype === 1)
    expect(answer).to.equal('18d959d954064163a445ccfa7d234c1164861f9d280e3554d3a5e14ccc6c4ed7')
    await page.getByText('Verified.').waitFor()
    expect(problems).to.deep.equal([])
  })
})
