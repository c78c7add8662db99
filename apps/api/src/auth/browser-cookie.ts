import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '@app/platform';

interface CookieOptions {
  name: string;
  /** Where the browser sends it. */
  path: string;
  sameSite: 'Strict' | 'Lax';
  maxAgeSeconds: number;
  /** Form of its value. */
  form: RegExp;
}

/** A cookie that scripts cannot read, for some routes only. */
export class BrowserCookie {
  private readonly name: string;
  private readonly attributes: string;

  constructor(
    { signIn: { secureCookies } }: Config,
    private readonly options: CookieOptions,
  ) {
    // Browsers store a name with this prefix only with `Secure` and from HTTPS.
    this.name = secureCookies ? `__Secure-${options.name}` : options.name;
    this.attributes = `Path=${options.path}; HttpOnly; SameSite=${options.sameSite}${secureCookies ? '; Secure' : ''}`;
  }

  set(reply: FastifyReply, value: string): void {
    this.write(reply, value, this.options.maxAgeSeconds);
  }

  clear(reply: FastifyReply): void {
    this.write(reply, '', 0);
  }

  /** Its value. Empty without one, and with two: another host of the domain may have set one of them. */
  read({ headers }: FastifyRequest): string {
    const [value, ...others] = (headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${this.name}=`))
      .map((pair) => pair.slice(this.name.length + 1));
    return value !== undefined && others.length === 0 && this.options.form.test(value) ? value : '';
  }

  private write(reply: FastifyReply, value: string, maxAge: number): void {
    void reply
      .header('set-cookie', `${this.name}=${value}; ${this.attributes}; Max-Age=${maxAge}`)
      .header('cache-control', 'no-store');
  }
}
