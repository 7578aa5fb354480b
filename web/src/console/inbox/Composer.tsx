import { ActionIcon, Button, Textarea } from '@mantine/core'
import { IconPaperclip, IconSend2 } from '@tabler/icons-react'
import { type RefObject, useEffect, useId, useRef, useState } from 'react'
import type { Tray } from '~/files/tray'
import { Key } from '~/look'
import { useLine } from '../live'
import { usePreferences } from '../preferences'
import { useMe } from '../session'
import { spell } from '../shell/keys'
import { attach, pasted } from './attach'
import styles from './Composer.module.css'
import { Drafts } from './drafts'
import { RecordButton, RecordingBar, useRecording } from './Recorder'
import { TrayList } from './TrayList'
import { useTray } from './trays'
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
  const tray = useTray(room)
  const recording = useRecording(tray)
  const error = useId()
  const over = Array.from(text.trim()).length - most
  const files = tray?.items.length ?? 0
  const sound = over <= 0 && (tray?.ready ?? true) && (text.trim() !== '' || files > 0)

  function write(next: string): void {
    setText(next)
    draftsOf(me.id).set(room, next)
    typing(next.trim() !== '')
  }
  function send(): void {
    if (!sound) return
    typing(false)
    line.post(room, text.trim(), tray?.take().map(({ id, name, type, kind, size, w, h }) => ({ id, name, type, kind, size, ...(w && h ? { w, h } : {}) })))
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
        onPaste={(event) => { if (tray && pasted(tray, event.clipboardData)) event.preventDefault() }}
      />
      {tray && <TrayList tray={tray} />}
      <div className={styles.foot}>
        {recording.seconds !== undefined ? <RecordingBar recording={recording} />
        : (
          <>
            {tray && <Attach add={(chosen) => { attach(tray, chosen); field.current?.focus() }} />}
            <RecordButton recording={recording} />
            <Hint tray={tray} over={over} error={error} />
            <Button type="submit" rightSection={<IconSend2 size={17} />} disabled={!sound}>{words.send}</Button>
          </>
        )}
      </div>
    </form>
  )
}

/** What stands in the way of sending; else the keys that send. */
function Hint({ tray, over, error }: { tray: Tray | undefined; over: number; error: string }) {
  const { sendBy } = usePreferences()
  if (over > 0) return <p id={error} className={styles.over} role="alert">{words.tooLong(over)}</p>
  if (tray && !tray.ready) {
    const wrong = tray.items.some((one) => one.state === 'refused' || one.state === 'quarantined')
    return <p className={styles.note}>{wrong ? words.files.wrong : words.files.notYet}</p>
  }
  return (
    <span className={styles.hint} aria-hidden>
      {(sendBy === 'ctrl' ? [...spell('mod'), 'Enter'] : ['Enter']).map((key) => <Key key={key}>{key}</Key>)}
    </span>
  )
}

/** The browser's own dialog for files, behind a button of ours. */
function Attach({ add }: { add: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <ActionIcon variant="subtle" color="gray" size={36} aria-label={words.files.attach} title={words.files.attach} onClick={() => input.current?.click()}><IconPaperclip size={19} /></ActionIcon>
      <input
        ref={input} type="file" multiple hidden tabIndex={-1}
        onChange={(event) => {
          add([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = '' // the same file may be chosen again
        }}
      />
    </>
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
