/** One face of the panel: the form, a conversation, the list. */
export interface View {
  readonly element: HTMLElement
  /** Whether the list of conversations lies behind it. */
  readonly backable: boolean
  title(): string
  subtitle(): string
  update(): void
  focus(): void
  /** Takes files that were dropped onto the panel; absent where none can be sent. */
  take?(files: readonly File[]): void
}
