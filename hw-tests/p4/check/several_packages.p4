// Packages without parts, of types that the blocks tell, and of which none is `main`.
package Empty();

parser Filter(out bool keep);
parser Extractor<T>(out T data);
parser Extractor2<T1, T2>(out T1 first, out T2 second);

parser F(out bool x) {
    state start {
        x = true;
        transition accept;
    }
}

parser F2(out bool x, out bool y) {
    state start {
        x = true;
        y = x;
        transition accept;
    }
}

package Of(Filter f);
package One<S>(Extractor<S> e);
package Bool(Extractor<bool> e);
package Two<S>(Extractor2<bool, S> e);

Of(F()) a;
One<bool>(F()) b;
One(F()) c;
Bool(F()) d;
Two<bool>(F2()) e;
Two(F2()) f;
Empty() g;
