import { Button } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Card, Notice, type Tone, Tag, toast } from '~/look'
import { refuse as place } from '../forms/parts'
import { may, useMe } from '../session'
import { cleared, type Difference, differences, merged, type Security } from './data'
import { Log } from './Log'
import { Review } from './Review'
import styles from './Security.module.css'
import { words } from './words'

/** Where somebody began, and which state of all settings they have seen last. */
interface Opened<T> { base: T; seen: number; moved: boolean }

/**
 * One policy: how it is, and behind "Change" the form. What was typed stands until it is saved or given up, also when somebody else
 * saves something meanwhile: then theirs is shown beside it, and what was not touched stays as they left it.
 */
export function Policy<T extends object>({ id, icon, title, tag, lead, data, facts, value, form, compare, check, save, notes, fields, bounds }: {
  id: string
  icon: ReactNode
  title: string
  tag: { tone: Tone; text: string }
  lead: string
  data: Security
  facts: readonly (readonly [string, string])[]
  value: T
  form: (draft: T, set: (draft: T) => void, errors: Record<string, string>) => ReactNode
  compare: (before: T, after: T) => Difference[]
  /** What stands under the review, such as who is affected; it bars the saving where it would be refused anyway. */
  check?: (draft: T, bar: (barred: boolean) => void) => ReactNode
  save: (draft: T, revision: number) => Promise<Security>
  notes?: readonly string[]
  fields: readonly string[]
  /** Least and most of the numbers, which are known here too. */
  bounds?: Partial<Record<Extract<keyof T, string>, readonly [number, number]>>
}) {
  const edit = may(useMe(), 'security.edit')
  const [draft, setDraft] = useState<T>()
  const [opened, setOpened] = useState<Opened<T>>({ base: value, seen: data.revision, moved: false })
  const [refused, setRefused] = useState(false) // since what was seen is not what stands
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<string>()
  const [reviewing, setReviewing] = useState(false)
  const [barred, setBarred] = useState(false)
  const open = draft !== undefined
  const root = useRef<HTMLDivElement>(null)
  const before = useRef(open)
  useEffect(() => { // the control that was pressed is gone, so that the focus would be nowhere
    if (before.current !== open) root.current?.querySelector<HTMLElement>(open ? 'form :is(input, select, textarea)' : 'button')?.focus()
    before.current = open
  }, [open])
  const close = () => { setDraft(undefined); setErrors({}); setProblem(undefined) }
  const begin = () => {
    setOpened({ base: value, seen: data.revision, moved: false })
    setRefused(false)
    setDraft(value)
  }
  if (refused && data.revision !== opened.seen) { // read again after the refusal: what is shown now is what the next saving is about
    setRefused(false)
    setOpened({ ...opened, seen: data.revision, moved: true })
  }
  const target = draft === undefined ? undefined : merged(opened.base, draft, value)
  const changes = target === undefined ? [] : differences(compare(value, target))
  const theirs = differences(compare(opened.base, value)).length > 0
  const ask = (event: React.FormEvent) => {
    event.preventDefault()
    const missing = draft === undefined ? [] : cleared(draft)
    const wrong = { ...(draft && bounds && outside(draft, bounds)), ...Object.fromEntries(missing.map((name) => [name, words.missing])) }
    setErrors(wrong)
    if (Object.keys(wrong).length > 0) return
    if (changes.length === 0) {
      toast(words.same)
      return
    }
    setOpened({ ...opened, seen: data.revision, moved: theirs })
    setReviewing(true)
  }
  return (
    <div id={id} ref={root}>
      <Card
        icon={icon}
        title={title}
        tag={<Tag tone={tag.tone}>{tag.text}</Tag>}
        lead={lead}
        control={edit && draft === undefined ? <Button variant="default" aria-label={`${words.change}: ${title}`} onClick={begin}>{words.change}</Button> : undefined}
      >
        {draft === undefined
          ? <dl className={styles.facts}>{facts.map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}</dl>
          : target && (
            <form onSubmit={ask} aria-label={title}>
              {problem && <Notice tone="danger">{problem}</Notice>}
              {theirs && <Notice tone="warn">{words.moved}</Notice>}
              <div className={styles.form}>{form(target, (next) => { setDraft(merged(target, next, draft)) }, errors)}</div>
              {notes?.map((note) => <p key={note} className={styles.advice}>{note}</p>)}
              <div className={styles.foot}>
                <Button variant="default" onClick={close}>{words.cancel}</Button>
                <Button type="submit">{words.review}</Button>
              </div>
            </form>
          )}
        <Log element="Security setting" about={title} />
      </Card>
      {reviewing && target !== undefined && (
        <Review
          changes={changes}
          moved={opened.moved || theirs}
          barred={barred}
          save={() => save(target, opened.seen)}
          conflict={() => { setRefused(true) }}
          close={() => { setReviewing(false) }}
          done={close}
          refuse={(error) => { setProblem(place(error, setErrors, fields)) }}
        >
          {check?.(target, setBarred)}
        </Review>
      )}
    </div>
  )
}

function outside<T>(draft: T, bounds: Partial<Record<Extract<keyof T, string>, readonly [number, number]>>): Record<string, string> {
  const all = Object.entries(bounds) as [Extract<keyof T, string>, readonly [number, number]][]
  return Object.fromEntries(all.flatMap(([name, [least, most]]) => {
    const value = draft[name]
    return typeof value === 'number' && (value < least || value > most) ? [[name, words.between(least, most)]] : []
  }))
}
