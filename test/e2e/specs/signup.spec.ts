import { mailedLink } from '../house/mail.ts'
import { person, signIn } from '../house/people.ts'
import { expect, test } from '../house/test.ts'

const password = 'seven lanterns over quiet water'

test('a company signs up by mail, sets up its workspace and lands in its own inbox', async ({ page, guide, watch }) => {
  watch.allow(/status of 410/) // the used link, at the end
  await page.goto(guide.sign_up)
  await page.getByRole('link', { name: 'Sign up your company' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Sign up your company' })).toBeVisible()
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await expect(page.getByText('Please write the name of your company.')).toBeVisible()

  await page.getByLabel('Company').fill('Tide & Sons')
  await expect(page.getByLabel('Subdomain')).toHaveValue(/^tide/)
  await page.getByLabel('Subdomain').fill('tide-sons')
  await page.getByLabel('E-mail address').fill('mira@tide.example')
  await page.getByRole('checkbox', { name: /I agree to the/ }).check()
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Look into your mailbox' })).toBeVisible()

  const link = await mailedLink(page, guide, 'mira@tide.example', '/signup/complete')
  await page.goto(link)
  await expect(page.getByText('You set up Tide & Sons.')).toBeVisible()
  expect(new URL(page.url()).hash, 'the token leaves the address bar').toBe('')
  await page.getByLabel('Your name').fill('Mira Tide')
  await page.getByLabel('Password', { exact: true }).fill('short')
  await page.getByRole('button', { name: 'Set up the workspace' }).click()
  await expect(page.getByText(/characters longer/)).toBeVisible()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Set up the workspace' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Your workspace is ready' })).toBeVisible()
  await page.getByRole('link', { name: 'Go to the sign-in' }).click()

  await expect(page).toHaveURL(/^https:\/\/tide-sons\.parlatory\.localhost:/)
  await expect(page.getByText('to Tide & Sons')).toBeVisible()
  await signIn(page, guide, { email: 'mira@tide.example', password }, new URL(page.url()).origin)
  await expect(page).toHaveURL(/tide-sons\.parlatory\.localhost:\d+\/inbox/)
  await expect(page.getByText('Nobody is waiting')).toBeVisible()

  await test.step('the link works once', async () => {
    await page.goto(link)
    await page.reload() // the same address but for the fragment
    await page.goto(link)
    await expect(page.getByRole('heading', { level: 1, name: /can’t be used any more/ })).toBeVisible()
  })
})

test('an address that is known and one that is not get the same answers', async ({ page, guide }) => {
  const answers: string[] = []
  for (const email of [person(guide, 'Agent').email, 'nobody@acme.example']) {
    await page.goto(new URL('/signup', guide.sign_up).href)
    await page.getByLabel('Company').fill('Another')
    await page.getByLabel('Subdomain').fill(`another-${email.slice(0, 3)}`)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('checkbox', { name: /I agree to the/ }).check()
    await page.getByRole('button', { name: 'Send me the link' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Look into your mailbox' })).toBeVisible()
    const signup = await page.getByRole('main').innerText()

    await page.goto(new URL('/forgot', guide.workspace).href)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Send me the link' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Look into your mailbox' })).toBeVisible()
    answers.push(`${signup}\n${await page.getByRole('main').innerText()}`.replaceAll(email, 'ADDRESS'))
  }
  expect(answers[1]).toBe(answers[0])
})

test('a wrong password and an unknown address are refused in the same words', async ({ page, guide, watch }) => {
  watch.allow(/status of 401/)
  const answers: string[] = []
  for (const email of [person(guide, 'Supervisor').email, 'nobody@acme.example']) {
    await page.goto(new URL('/signin', guide.workspace).href)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('not the password at all')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    const said = page.getByRole('alert').first()
    await expect(said).toBeVisible()
    answers.push(await said.innerText())
  }
  expect(answers[1]).toBe(answers[0])
  await expect(page.getByLabel('E-mail address'), 'nothing that was entered is lost').toHaveValue('nobody@acme.example')
})

test('the bare domain asks which workspace, and goes there', async ({ page, guide }) => {
  await page.goto(new URL('/signin', guide.sign_up).href)
  await page.getByLabel('Subdomain').fill('acme')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(new URL('/signin', guide.workspace).href)
  await expect(page.getByText('to Harbour & Pine')).toBeVisible()
})

test('a taken and a reserved subdomain are refused beside the field', async ({ page, guide, watch }) => {
  watch.allow(/status of 422/)
  await page.goto(new URL('/signup', guide.sign_up).href)
  await page.getByLabel('Company').fill('Another')
  await page.getByLabel('E-mail address').fill('else@acme.example')
  await page.getByRole('checkbox', { name: /I agree to the/ }).check()
  for (const taken of ['acme', 'www']) {
    await page.getByLabel('Subdomain').fill(taken)
    await page.getByRole('button', { name: 'Send me the link' }).click()
    await expect(page.getByLabel('Subdomain')).toHaveAttribute('aria-invalid', 'true')
    await expect(page.getByLabel('Subdomain')).toHaveAccessibleDescription(/taken|reserved|used|free|another|other/i)
  }
})
