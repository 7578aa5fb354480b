import type { Page } from '@playwright/test'
import { clean } from '../house/axe.ts'
import { enter, person } from '../house/people.ts'
import { confirmWith, tenMinutesLater } from '../house/stepup.ts'
import { expect, test } from '../house/test.ts'

// Administration > Security > Encryption, and what people see of a workspace whose keys are away.

const address = '/api/v1/encryption'
const own = { address: 'https://vault.acme.example:8200', mount: 'transit', key: 'parlatory', role_id: 'f3a1-parlatory' }
const view = (change: object = {}) => ({
  root: 'own', version: 4, since: '2026-08-01T09:00:00Z', keys: 1_204, behind: 0, state: 'confirmed', confirmed_at: new Date().toISOString(), server: own,
  grace_seconds: 600, rotate_days: 90, works: [], ...change,
})

async function stands(page: Page, change: object = {}): Promise<void> {
  await page.route((url) => url.pathname === address, async (route) => {
    if (route.request().method() === 'GET') await route.fulfill({ json: view(change) })
    else await route.fallback()
  })
}

test('the key of the workspace is rotated, by keyboard and after a step-up, and one sees how far it is', async ({ page, guide, watch }) => {
  test.setTimeout(90_000)
  watch.allow(/status of 403/)
  await enter(page, guide, 'Administrator', '/admin/encryption')
  const card = page.getByRole('region', { name: /^Key of the workspace/ })
  await expect(card).toContainText('The operator’s key file')
  await expect(card).toContainText('Version 1')
  await expect(card).toContainText('all of them under this version')
  await clean(page, 'encryption')

  await tenMinutesLater(page, `${address}/rotate`)
  await card.getByRole('button', { name: 'Rotate now' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Rotate the key of the workspace?' })
  await expect(dialog.getByLabel('Reason (optional)')).toBeFocused()
  await clean(page, 'rotate the key')
  await dialog.getByLabel('Reason (optional)').fill('Somebody left us.')
  await dialog.getByRole('button', { name: 'Rotate', exact: true }).press('Enter')
  await confirmWith(page, person(guide, 'Administrator').password)
  await expect(page.getByText('The workspace has a new key, version 2.')).toBeVisible()
  await expect(card).toContainText('Version 2')
  await expect(card.getByRole('progressbar', { name: 'Keys wrapped again' })).toBeVisible()
  await expect(card).toContainText('All keys are under the new version.', { timeout: 20_000 })
  await expect(card.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '100')
  await expect(card).toContainText('all of them under this version')

  await page.getByRole('link', { name: 'Changes in the audit log: Key of the workspace' }).click()
  await expect(page.getByRole('table')).toContainText('Somebody left us.')
})

test('while keys are wrapped again one sees how many; away and withdrawn are told in plain words', async ({ page, guide }) => {
  const state: Record<string, unknown> = { keys: 1_204, behind: 780, works: [{ kind: 'rewrap', state: 'running', done: 424, total: 1_204, begun_at: new Date().toISOString() }] }
  await stands(page, state)
  await enter(page, guide, 'Administrator', '/admin/encryption')
  const bar = page.getByRole('progressbar', { name: 'Keys wrapped again' })
  await expect(bar).toHaveAttribute('aria-valuenow', '35')
  await expect(page.getByText('424 of 1,204 keys are under the new version.')).toBeVisible()
  await clean(page, 'keys are wrapped again')
  state['behind'] = 200
  await page.unroute((url) => url.pathname === address)
  await page.unrouteAll()
  await stands(page, state)
  await expect(bar, 'it looks by itself').toHaveAttribute('aria-valuenow', '83')

  await page.unrouteAll()
  await stands(page, { state: 'away', serves_until: '2026-11-28T12:30:00Z' })
  await page.reload()
  await expect(page.getByText('The key server does not answer')).toBeVisible()
  await expect(page.getByText(/Keys in memory serve until 28 Nov, 12:30/)).toBeVisible()
  await clean(page, 'the key server is away')

  await page.unrouteAll()
  await stands(page, { state: 'withdrawn' })
  await page.reload()
  await expect(page.getByRole('alert')).toContainText('nothing of this workspace can be read or written')
  await clean(page, 'the key is withdrawn')
})

test('an own key server is tried, explained, saved and given back; its secrets are never shown', async ({ page, guide, watch }) => {
  watch.allow(/status of 4\d\d|status of 503/)
  const sent: Record<string, any>[] = [] // eslint-disable-line @typescript-eslint/no-explicit-any
  await enter(page, guide, 'Administrator', '/admin/encryption')
  const card = page.getByRole('region', { name: /^Your own key server/ })
  await test.step('what is missing is said beside the field', async () => {
    await card.getByRole('button', { name: 'Set up: Your own key server' }).press('Enter')
    await expect(card.getByLabel('Address')).toBeFocused()
    await card.getByRole('button', { name: 'Test the connection' }).click()
    await expect(card.getByText('This is needed.')).toHaveCount(4) // address, key, role, secret
    await card.getByLabel('Address').fill('http://vault.acme.example')
    await card.getByLabel('Name of the key').fill('parlatory')
    await card.getByLabel('Role id').fill('f3a1-parlatory')
    await card.getByRole('textbox', { name: 'Secret id' }).fill('not-a-real-secret')
    await card.getByRole('button', { name: 'Test the connection' }).click()
    await expect(card.getByText('Must be an address like https://vault.example.com:8200.')).toBeVisible()
  })
  await test.step('the test shows the server’s own sentence', async () => {
    await card.getByLabel('Address').fill('https://127.0.0.1:1')
    await card.getByRole('button', { name: 'Test the connection' }).click()
    await expect(card.getByText('The test did not pass')).toBeVisible()
    await clean(page, 'a key server that fails its test')
    await page.route((url) => url.pathname === `${address}/test`, (route) => route.fulfill({ status: 204 }))
    await card.getByLabel('Address').fill(own.address)
    await card.getByRole('button', { name: 'Test the connection' }).click()
    await expect(card.getByText('The key server answers as it should')).toBeVisible()
  })
  await page.route((url) => url.pathname === address, async (route) => {
    const method = route.request().method()
    if (method === 'PUT') sent.push(route.request().postDataJSON() as Record<string, unknown>)
    await route.fulfill({ json: sent.at(-1)?.['server'] ? view() : view({ root: 'file', server: undefined }) })
  })
  await test.step('before it is saved one reads what away and withdrawn do', async () => {
    await card.getByLabel('Grace, in minutes').fill('15')
    await card.getByRole('button', { name: 'Save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Wrap the key of this workspace by your server?' })
    await expect(dialog).toContainText('Keys in memory serve for 15 minutes, and then the workspace closes.')
    await expect(dialog).toContainText('The workspace closes within a minute, without any grace.')
    await clean(page, 'what an own key server means')
    await dialog.getByRole('button', { name: 'Use this server' }).click()
    await expect(page.getByText('Your key server wraps the key of this workspace.')).toBeVisible()
    expect(sent[0]).toMatchObject({ grace_seconds: 900, server: { ...own, secret_id: 'not-a-real-secret' } })
    await expect(card).toContainText('In use')
    await expect(card).toContainText('https://vault.acme.example:8200')
    await clean(page, 'an own key server')
  })
  await test.step('the secret is stored: it is kept where nothing is typed, and needed where it would go elsewhere', async () => {
    await card.getByRole('button', { name: 'Change: Your own key server' }).click()
    await expect(card.getByRole('textbox', { name: 'Secret id' })).toHaveValue('')
    await expect(card.getByText('Stored. Leave it empty to keep it.')).toBeVisible()
    await clean(page, 'the form of an own key server')
    await card.getByLabel('Address').fill('https://elsewhere.example:8200')
    await expect(card.getByText('Needed again, since it goes to another place.')).toBeVisible()
    await card.getByLabel('Address').fill(own.address)
    await card.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Use this server' }).click()
    await expect(card.getByRole('button', { name: 'Stop using it' })).toBeVisible()
    expect(sent[1]?.['server']).toEqual(own)
  })
  await test.step('a schedule is set, and the server stays', async () => {
    await page.getByRole('button', { name: 'Change: Schedule of rotation' }).click()
    const dialog = page.getByRole('dialog', { name: 'Schedule of rotation' })
    await dialog.getByLabel('Days between two rotations').fill('5000')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText('Please write a number from 0 to 3,650.')).toBeVisible()
    await dialog.getByLabel('Days between two rotations').fill('30')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    expect(sent[2]).toMatchObject({ rotate_days: 30, grace_seconds: 600, server: own })
  })
  await test.step('it is given back', async () => {
    await card.getByRole('button', { name: 'Stop using it' }).click()
    await page.getByRole('dialog', { name: 'Give the key back to the operator?' }).getByRole('button', { name: 'Stop using it' }).click()
    await expect(page.getByText('The operator wraps the key of this workspace.')).toBeVisible()
    expect(sent[3]).not.toHaveProperty('server')
    await expect(card).toContainText('Not in use')
  })
})

test('a workspace whose keys are away says so above every page, and is back by itself', async ({ page, guide, watch }) => {
  watch.allow(/status of 503/)
  await enter(page, guide, 'Administrator')
  await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
  const detail = 'The keys of this workspace can’t be reached at the moment. Nothing is lost; please try again in a few minutes.'
  const closed = (url: URL) => url.pathname.startsWith('/api/v1/') && url.pathname !== '/api/v1/live'
  await page.route(closed, (route) => route.request().method() === 'GET'
    ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/unavailable', title: 'Service Unavailable', status: 503, detail }) })
    : route.fallback())
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  const banner = page.getByRole('status').filter({ hasText: 'The workspace is closed at the moment.' })
  await expect(banner).toContainText('Nothing is lost', { timeout: 15_000 })
  await expect(page.getByRole('main').getByRole('alert')).toContainText('can’t be reached')
  await clean(page, 'a closed workspace')
  await page.unroute(closed)
  await expect(banner).toHaveCount(0, { timeout: 20_000 })
  await expect(page.getByRole('main').getByRole('table'), 'the page is read again by itself').toBeVisible()
})

test('who comes to a closed workspace reads why, and is let in when it opens', async ({ page, guide, watch }) => {
  watch.allow(/status of 503/)
  await enter(page, guide, 'Administrator')
  const detail = 'The keys of this workspace were withdrawn. Until they are given back, nothing of it can be read or written.'
  await page.route((url) => url.pathname === '/api/v1/me', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/unavailable', title: 'Service Unavailable', status: 503, detail }) }), { times: 1 })
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'The workspace is closed at the moment' })).toBeAttached()
  await expect(page.getByText('were withdrawn')).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible({ timeout: 15_000 })
})
