import { Button, Textarea } from '@mantine/core'
import { IconSend2 } from '@tabler/icons-react'
import { type RefObject, useEffect, useId, useRef, useState } from 'react'
import { Key } from '~/look'
import { useLine } from '../live'
import { usePreferences } from '../preferences'
import { useMe } from '../session'
import { spell } from '../shell/keys'
import styles from './Composer.module.css'
import { Drafts } from './drafts'
import { words } from './words'

const most = 4_000
const typingEach = 3_000

let drafts: { owner: string; kept: Drafts } | undefined

function draftsOf(owner: string): Drafts {
  if (drafts?.owner !== owner) drafts = { owner, kept: new Drafts(owner, sessionStorage) }
  return drafts.kept
}

/** Where one writes. What is written stays when one looks elsewhere. */
export function Composer({ room, name, field }: { room: string; name: string; field: RefObject<HTMLTextAreaElement | null> }) {
  const line = useLine()
  const me = useMe()
  const { sendBy } = usePreferences()
  const [text, setText] = useState(() => draftsOf(me.id).get(room))
  const typing = useTypingSignal(room)
  const error = useId()
  const over = Array.from(text.trim()).length - most

  function write(next: string): void {
    setText(next)
    draftsOf(me.id).set(room, next)
    typing(next.trim() !== '')
  }
  function send(): void {
    const body = text.trim()
    if (body === '' || over > 0) return
    typing(false)
    line.post(room, body)
    write('')
    field.current?.focus()
  }
  function onKey(event: React.KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape') field.current?.blur()
    if (event.key !== 'Enter') return
    const mod = event.ctrlKey || event.metaKey
    if (mod || (sendBy === 'enter' && !event.shiftKey)) {
      event.preventDefault()
      send()
    }
  }

  return (
    <form className={styles.composer} data-foot onSubmit={(event) => { event.preventDefault(); send() }}>
      <Textarea
        ref={field}
        variant="unstyled"
        classNames={{ input: styles.text }}
        autosize
        aria-label={words.replyTo(name)}
        aria-invalid={over > 0 || undefined}
        aria-describedby={over > 0 ? error : undefined}
        placeholder={words.replyTo(name)}
        dir="auto"
        minRows={2}
        maxRows={10}
        value={text}
        onChange={(event) => { write(event.target.value) }}
        onKeyDown={onKey}
        onBlur={() => { typing(false) }}
      />
      <div className={styles.foot}>
        {over > 0 ? <p id={error} className={styles.over} role="alert">{words.tooLong(over)}</p> : (
          <span className={styles.hint} aria-hidden>
            {(sendBy === 'ctrl' ? [...spell('mod'), 'Enter'] : ['Enter']).map((key) => <Key key={key}>{key}</Key>)}
          </span>
        )}
        <Button type="submit" rightSection={<IconSend2 size={17} />} disabled={text.trim() === '' || over > 0}>{words.send}</Button>
      </div>
    </form>
  )
}

/** Tells the others that one types: at most each three seconds, and once more when one stops. */
function useTypingSignal(room: string): (on: boolean) => void {
  const line = useLine()
  const said = useRef(0)
  const signal = useRef((on: boolean) => {
    const now = Date.now()
    if (on && now - said.current > typingEach) {
      said.current = now
      line.typing(room, true)
    } else if (!on && said.current > 0) {
      said.current = 0
      line.typing(room, false)
    }
  })
  useEffect(() => {
    const stop = signal.current
    return () => { stop(false) }
  }, [])
  return signal.current
}
