import java.lang.reflect.Field;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * Runs a main class whose servers listen on loopback alone. RocketMQ's proxy and the replication port of its broker have
 * no setting for their address: they listen on the wildcard. Here that is 127.0.0.1, for the whole process.
 */
public final class Loopback {
    private static final String ADDRESS = "127.0.0.1";

    public static void main(String[] args) throws Exception {
        Object addresses = field(InetAddress.class, "impl").get(null);
        field(addresses.getClass(), "anyLocalAddress").set(addresses, InetAddress.getByName(ADDRESS));
        renameDefault("org.apache.rocketmq.remoting.netty.NettyServerConfig", "bindAddress");
        Class.forName(args[0])
            .getMethod("main", String[].class)
            .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    }

    /** A text in the code that each new object of the class begins with: all of them share it, so it is changed itself. */
    private static void renameDefault(String type, String name) throws Exception {
        Object sample = Class.forName(type).getConstructor().newInstance();
        Object text = field(sample.getClass(), name).get(sample);
        Field letters = field(String.class, "value");
        letters.set(text, letters.get(ADDRESS));
    }

    private static Field field(Class<?> type, String name) throws Exception {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
