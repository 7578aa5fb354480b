import { TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Notice } from '~/look'
import { Strength } from '~/proof/Strength'
import { ask, type Opened } from './ask'
import { needed, newPassword, only, usualLength } from './judge'
import { DeadLink } from './Links'
import { Go, Password, Send, Sheet, Stack, Trouble, Waiting } from './parts'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'
import { signinOf } from './workspace'

const w = words.complete
const go = { to: '/signup', text: words.landing.signup }

/** The mailed link of a sign-up: name and password, and the workspace stands. */
export function Complete({ token }: { token: string }) {
  const [opened, again] = useOpened(useMemo(() => (token === '' ? null : () => ask.openSignup(token)), [token]))
  const [done, setDone] = useState('')
  if (token === '') return <DeadLink then="" go={go} again={again} />
  if (opened.state === 'waiting') return <Waiting title={w.title} />
  if (opened.state === 'refused') return <DeadLink error={opened.error} then={words.link.signup} go={go} again={again} />
  if (done) {
    return (
      <Sheet title={w.done} lead={w.doneText(new URL(done).host)} moved>
        <Stack><Go to={done}>{w.go}</Go></Stack>
      </Sheet>
    )
  }
  return <Form token={token} opened={opened.data} done={setDone} />
}

function Form({ token, opened, done }: { token: string; opened: Opened; done: (signin: string) => void }) {
  const min = opened.min_length ?? usualLength
  const f = useForm(
    { name: '', password: '' },
    (v) => only({
      name: needed(v.name, words.nameMissing),
      password: opened.known ? needed(v.password, words.passwordMissing) : newPassword(v.password, min),
    }),
    async (v) => {
      const made = await ask.complete({ token, name: v.name.trim(), password: v.password })
      done(signinOf(made.workspace_url) ?? '/signin')
    },
  )
  return (
    <Sheet title={w.title} lead={w.lead(opened.company)}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          {opened.known && <Notice>{w.known}</Notice>}
          <TextInput size="md" type="email" label={words.email} value={opened.email} readOnly autoComplete="username" />
          <TextInput {...f.bind('name')} size="md" label={words.name} description={words.nameHint} autoComplete="name" required withAsterisk={false} />
          <Password {...f.bind('password')} label={words.password} description={opened.known ? undefined : words.passwordHint(min)}
            autoComplete={opened.known ? 'current-password' : 'new-password'} required withAsterisk={false} />
          {!opened.known && <Strength password={f.values.password} min={min} own={[f.values.name, opened.email, opened.company]} />}
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
    </Sheet>
  )
}
