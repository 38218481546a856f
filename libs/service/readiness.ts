/** Whether this process can do its work. Ready unless somebody holds it back, and each hold has a reason. */

export class Readiness {
  private readonly holds = new Map<string, string>();

  /** Not ready while this hold is there. */
  hold(name: string, reason: string): void {
    this.holds.set(name, reason);
  }

  release(name: string): void {
    this.holds.delete(name);
  }

  get ready(): boolean {
    return this.holds.size === 0;
  }

  /** What is missing, by name. */
  get reasons(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.holds);
  }
}
