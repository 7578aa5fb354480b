import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { sentence } from '~/api/problem'
import { Failed, Notice } from '~/look'
import { Agreement } from './Agreement'
import { ask, type Door, type SignedIn } from './ask'
import { Elsewhere } from './Elsewhere'
import { email, needed, only } from './judge'
import { next } from './next'
import { Aside, Password, Send, Sheet, Stack, Trouble, Waiting } from './parts'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'

const w = words.signin

/** Leaves the doors for the console. */
export function enter(): void {
  location.assign(next(new URLSearchParams(location.search).get('next')))
}

/** Whether the console sent the person here because the session had ended. */
const ended = (): boolean => new URLSearchParams(location.search).has('ended')

/** A workspace's sign-in; on the bare domain, where no workspace is, the way to one. */
export function Signin() {
  const [door, again] = useOpened(ask.door)
  const [owed, setOwed] = useState(false)
  if (door.state === 'waiting') return <Waiting title={w.title} />
  if (door.state === 'refused') {
    return <Sheet title={w.title}><Stack><Failed text={sentence(door.error)} again={again} /></Stack></Sheet>
  }
  const { company, signed_in, owed: before } = door.data
  if (!company) return <Elsewhere />
  if (owed || before === 'agreement') return <Agreement company={company} moved={owed} done={enter} />
  if (signed_in) {
    return (
      <Sheet title={w.already} lead={w.alreadyText(company)}>
        <Stack><Button size="md" onClick={enter}>{w.go}</Button></Stack>
      </Sheet>
    )
  }
  return <Form door={door.data} owes={() => { setOwed(true) }} />
}

/** After the password: in, or a step that is owed first. */
export function then(s: SignedIn, owes: () => void): void {
  if (s.state === 'owed') owes()
  else enter()
}

function Form({ door, owes }: { door: Door; owes: () => void }) {
  const f = useForm(
    { email: '', password: '' },
    (v) => only({ email: email(v.email), password: needed(v.password, words.passwordMissing) }),
    async (v) => { then(await ask.signin({ email: v.email.trim(), password: v.password }), owes) },
  )
  return (
    <Sheet title={w.title} lead={w.at(door.company)}>
      <form {...f.form}>
        <Stack>
          {f.trouble === '' && ended() && <Notice>{w.ended}</Notice>}
          <Trouble text={f.trouble} />
          <TextInput {...f.bind('email')} size="md" type="email" label={words.email} autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus />
          <Password {...f.bind('password')} label={words.password} autoComplete="current-password" required withAsterisk={false} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
      <Aside><a href="/forgot">{w.forgot}</a></Aside>
    </Sheet>
  )
}
