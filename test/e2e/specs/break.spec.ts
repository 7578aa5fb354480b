import type { Locator } from '@playwright/test'
import { House } from '../house/house.ts'
import { composer, messages, row, signIn, Widget } from '../house/people.ts'
import { expect, test } from '../house/test.ts'

// Breaks in the midst of a conversation: what was written is kept, and arrives once and in order.

const marks = /(?:visitor|staff) \d\d/g

/** The numbered messages of a log, from top to bottom. */
async function numbered(log: Locator): Promise<string[]> {
  return (await log.innerText()).match(marks) ?? []
}

const numbers = (who: string, upTo: number) => Array.from({ length: upTo }, (_, i) => `${who} ${String(i + 1).padStart(2, '0')}`)

test('offline, and a server that dies: nothing lost, nothing twice, in order', async ({ page, guide, someone, watch }) => {
  test.setTimeout(120_000)
  watch.allow(/WebSocket|ERR_|Failed to load resource|Failed to fetch|CORS/)
  const house = await House.start(guide.authority)
  try {
    const own = house.guide
    const staffLog = messages(page)
    await signIn(page, own, own.people[0]!)
    const visitor = new Widget(await someone())
    await visitor.open(own)
    await visitor.ask('Bo Break', 'A question before the break')
    await row(page, 'A question before the break').click()
    await page.getByRole('button', { name: 'Pick up to reply' }).click()
    await expect(composer(page)).toBeVisible()

    let said = { visitor: 0, staff: 0 }
    const visitorSays = async (n: number) => {
      for (let i = 0; i < n; i++) await visitor.say(`visitor ${String(++said.visitor).padStart(2, '0')}`)
    }
    const staffSays = async (n: number) => {
      for (let i = 0; i < n; i++) {
        await composer(page).fill(`staff ${String(++said.staff).padStart(2, '0')}`)
        await composer(page).press('Control+Enter')
      }
    }
    const settled = async () => {
      const all = said.visitor + said.staff
      await expect.poll(async () => (await numbered(visitor.log)).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(all)
      await expect.poll(async () => (await numbered(staffLog)).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(all)
      await expect(visitor.log).not.toContainText(/Waiting for the connection|Sending|Not sent/)
      await expect(staffLog).not.toContainText(/Waiting for the connection|Sending|Not sent/)
      for (const log of [visitor.log, staffLog]) {
        const seen = await numbered(log)
        expect(seen.filter((m) => m.startsWith('visitor'))).toEqual(numbers('visitor', said.visitor))
        expect(seen.filter((m) => m.startsWith('staff'))).toEqual(numbers('staff', said.staff))
      }
      expect(await numbered(visitor.log), 'both sides show one order').toEqual(await numbered(staffLog))
    }

    await visitorSays(2)
    await staffSays(2)
    await settled()

    await test.step('the visitor is offline', async () => {
      await visitor.page.context().setOffline(true)
      await visitorSays(3)
      await expect(visitor.panel).toContainText('You are offline')
      await staffSays(2)
      await visitor.page.context().setOffline(false)
      await settled()
    })
    await test.step('the staff member is offline', async () => {
      await page.context().setOffline(true)
      await staffSays(3)
      await expect(page.getByText('You are offline.', { exact: false })).toBeVisible()
      await visitorSays(2)
      await page.context().setOffline(false)
      await settled()
    })
    await test.step('the server is killed, both write on, it comes back', async () => {
      await staffSays(1)
      await house.down('SIGKILL')
      await visitorSays(3)
      await staffSays(3)
      await expect(page.getByText('The connection is lost.', { exact: false })).toBeVisible()
      await expect(visitor.panel).toContainText(/Reconnecting|Waiting for the connection/)
      await house.up()
      await settled()
    })
    await test.step('the server is killed, both reload while it is away: what was written outlives the page', async () => {
      await house.down('SIGKILL')
      await visitorSays(1)
      await staffSays(1)
      await house.up()
      await visitor.page.reload()
      await page.reload()
      await expect(visitor.panel).toBeVisible()
      await settled()
    })
  } finally {
    await house.remove()
  }
})
